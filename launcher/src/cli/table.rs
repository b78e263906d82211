//! Columns that line up, whatever colours stand in them.

/// Text in columns. Widths count characters that are shown.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<Cell>>,
}

/// How a cell is coloured.
pub type Paint<'a> = &'a dyn Fn(&str) -> String;

#[derive(Debug)]
struct Cell {
    text: String,
    width: usize,
}

impl Table {
    /// Adds a row of plain texts, each with the function that colours it.
    pub fn row(&mut self, cells: &[(&str, Paint<'_>)]) {
        let cell = |(text, paint): &(&str, Paint<'_>)| Cell {
            text: paint(text),
            width: text.chars().count(),
        };
        self.rows.push(cells.iter().map(cell).collect());
    }

    /// The lines, each begun by `indent`.
    pub fn text(&self, indent: &str) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = indent.to_owned();
            for (column, cell) in row.iter().enumerate() {
                line.push_str(&cell.text);
                if column + 1 < row.len() {
                    line.push_str(&" ".repeat(widths[column] - cell.width + 2));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A cell without colour.
pub fn plain(text: &str) -> String {
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_does_not_move_columns() {
        let mut table = Table::default();
        let red = |text: &str| format!("\x1b[31m{text}\x1b[0m");
        table.row(&[("name", &plain), ("state", &plain), ("", &plain)]);
        table.row(&[("a", &red), ("running", &plain), ("x", &plain)]);
        assert_eq!(
            table.text("  "),
            "  name  state\n  \x1b[31ma\x1b[0m     running  x\n"
        );
    }
}
