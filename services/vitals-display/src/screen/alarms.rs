//! The alarm bar: every active alarm, the most urgent first, coloured by priority.

use super::canvas::{Area, Canvas};
use super::colour::{ALARM_HIGH, ALARM_LOW, ALARM_MEDIUM, BLACK, Colour, GREY, RULE, WHITE};
use super::text::{Style, Text};
use crate::alarm::Active;
use cordon_vitals_record::Priority;

/// The colour of a priority.
pub fn colour_of(priority: Priority) -> Colour {
    match priority {
        Priority::High => ALARM_HIGH,
        Priority::Medium => ALARM_MEDIUM,
        Priority::Low => ALARM_LOW,
    }
}

/// Whether an alarm of this priority is in the lit half of its flash at a frame. IEC
/// 60601-1-8, table 2: high at 1.4 to 2.8 Hz, medium at 0.4 to 0.8 Hz, lit for 20 to 60%
/// of the time. Low does not flash: it stands there, steadily, and is never lit.
pub fn is_lit(priority: Priority, tick: u64) -> bool {
    match priority {
        // 25 frames a second: 2.1 Hz and 0.6 Hz.
        Priority::High => tick % 12 < 6,
        Priority::Medium => tick % 42 < 21,
        Priority::Low => false,
    }
}

/// Draws the bar. The text stays readable in both halves of a flash: filled in one, in the
/// alarm's colour on black in the other.
pub fn draw(
    canvas: &mut Canvas,
    text: &mut Text,
    area: Area,
    scale: f32,
    alarms: &[Active],
    tick: u64,
) {
    canvas.fill(area, BLACK);
    canvas.fill(Area::new(area.x, area.bottom() - 1, area.width, 1), RULE);
    if alarms.is_empty() {
        let style = Style::regular(18.0 * scale, GREY);
        let at = (area.x as f32 + 12.0 * scale, area.y as f32 + 42.0 * scale);
        text.draw(canvas, at, style, "no alarm");
        return;
    }
    // As large as the number of alarms allows, and never one less than there are.
    let (columns, rows) = match alarms.len() {
        ..=6 => (3, 2),
        7..=12 => (4, 3),
        more => (5, more.div_ceil(5) as i32),
    };
    for (index, active) in alarms.iter().enumerate() {
        let (column, row) = (index as i32 / rows, index as i32 % rows);
        let height = (area.height - 1) / rows;
        let cell = Area::new(
            area.x + area.width * column / columns,
            area.y + row * height,
            area.width / columns,
            height,
        );
        draw_cell(canvas, text, cell, scale, active, tick);
    }
}

fn draw_cell(
    canvas: &mut Canvas,
    text: &mut Text,
    cell: Area,
    scale: f32,
    active: &Active,
    tick: u64,
) {
    let priority = active.alarm.priority();
    let colour = colour_of(priority);
    let inner = Area::new(cell.x + 2, cell.y + 2, cell.width - 4, cell.height - 4);
    let lit = is_lit(priority, tick);
    canvas.fill(inner, colour);
    if !lit {
        canvas.fill(
            Area::new(inner.x + 2, inner.y + 2, inner.width - 4, inner.height - 4),
            BLACK,
        );
    }
    let ink = match (lit, priority) {
        (false, _) => colour,
        (true, Priority::High) => WHITE,
        (true, _) => BLACK,
    };
    let words = format!("{} {}", priority.mark(), active.alarm.text());
    let height = inner.height as f32;
    let margin = 8.0 * scale;
    let room = inner.width as f32 - 2.0 * margin;
    let size = (height * 0.62).min(26.0 * scale);
    let seen = "seen remotely";
    let seen_style = Style::regular((size * 0.62).max(9.0 * scale), ink);
    // The mark has its place whether or not it is there: it makes no alarm smaller.
    let reserved = text.width(seen_style, seen).min(room * 0.4) + margin;
    let style = text.fit(Style::bold(size, ink), &words, room - reserved);
    let left = inner.x as f32 + margin;
    let base = inner.y as f32 + height * 0.5 + style.size * 0.36;
    text.draw(canvas, (left, base), style, &words);
    if active.seen_remotely {
        let style = text.fit(seen_style, seen, reserved - margin);
        text.draw_right(canvas, (inner.right() as f32 - margin, base), style, seen);
    }
}
