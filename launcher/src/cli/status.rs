//! `cordon status`: how a running device is, for a person or a machine.

use super::arguments::RunningOptions;
use super::client::Client;
use super::table::{Paint, Table, plain};
use super::{Exit, Failure, Style, print, print_json};
use crate::supervisor::report::{AbsentLayer, ComponentStatus, Status};

/// Asks and shows.
pub fn run(options: &RunningOptions) -> Result<Exit, Failure> {
    let status: Status = Client::connect(options)?.call("Status")?;
    if options.json {
        return print_json(&status);
    }
    print(&text(&status, Style::of_stdout()))
}

fn text(status: &Status, style: Style) -> String {
    let state = match status.state.as_str() {
        "ready" => style.good(&status.state),
        "degraded" => style.bad(&status.state),
        _ => style.warn(&status.state),
    };
    let since = time(status.since_ms / 1000 * 1000);
    let mut text = format!(
        "{} is {state}, for {since} (supervisor pid {})\n",
        style.strong(&status.device),
        status.pid
    );
    text.push_str(&absent(&status.absent_layers, style));
    let mut table = Table::default();
    let faint = |cell: &str| style.faint(cell);
    let head = ["COMPONENT", "STATE", "PID", "FOR", "RESTARTS", "SAYS"];
    table.row(&head.map(|name| (name, &faint as Paint<'_>)));
    for component in &status.components {
        row(&mut table, component, style);
    }
    text.push('\n');
    text.push_str(&table.text("  "));
    if !status.channels.is_empty() {
        text.push('\n');
        let mut table = Table::default();
        let head = ["CHANNEL", "STATE", "EPOCH", "FROM", "TO"];
        table.row(&head.map(|name| (name, &faint as Paint<'_>)));
        for channel in &status.channels {
            let paint = |cell: &str| {
                if cell == "open" {
                    style.good(cell)
                } else {
                    style.warn(cell)
                }
            };
            let epoch = channel
                .epoch
                .map_or("-".to_owned(), |epoch| epoch.to_string());
            table.row(&[
                (&channel.name, &plain),
                (&channel.state, &paint),
                (&epoch, &plain),
                (&channel.from, &plain),
                (&channel.to.join(", "), &plain),
            ]);
        }
        text.push_str(&table.text("  "));
    }
    text
}

fn row(table: &mut Table, component: &ComponentStatus, style: Style) {
    let paint = |cell: &str| match component.state.as_str() {
        "running" if component.differs => style.bad(cell),
        "running" if component.ready => style.good(cell),
        "given-up" | "held" => style.bad(cell),
        "finished" => style.faint(cell),
        _ => style.warn(cell),
    };
    let state = if component.state == "running" && component.differs {
        "running, differs"
    } else if component.state == "running" && !component.ready {
        "running, not ready"
    } else {
        &component.state
    };
    let pid = component.pid.map_or("-".to_owned(), |pid| pid.to_string());
    let since = component
        .since_ms
        .map_or("-".to_owned(), |ms| time(ms / 1000 * 1000));
    // What it says of itself; without a life, why it has none.
    let says = if component.pid.is_some() {
        component.says.clone()
    } else {
        component.last_end.clone()
    };
    table.row(&[
        (&component.name, &plain),
        (state, &paint),
        (&pid, &plain),
        (&since, &plain),
        (&component.restarts.to_string(), &plain),
        (&says.unwrap_or_default(), &plain),
    ]);
}

/// Absent layers, in red: less protection than there could be is never quiet.
pub fn absent(layers: &[AbsentLayer], style: Style) -> String {
    let line = |layer: &AbsentLayer| {
        let text = format!("without {}: {}", layer.layer, layer.why);
        format!("  {}\n", style.bad(&text))
    };
    layers.iter().map(line).collect()
}

/// Milliseconds in the manifest's own units.
fn time(ms: u64) -> String {
    match ms {
        0 => "0s".to_owned(),
        _ if ms.is_multiple_of(3_600_000) => format!("{}h", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("{}min", ms / 60_000),
        _ if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    }
}
