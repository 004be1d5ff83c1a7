//! Results as a person reads them. Decides, does nothing.

use crate::row::Row;

const HEAD: [&str; 8] =
    ["metric", "unit", "ours", "peer", "ratio", "95 %", "goal", "met"];

/// A table with columns as wide as they need to be.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = HEAD.map(str::to_owned);
    let lines: Vec<[String; 8]> =
        std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| {
        lines.iter().map(|line| line[column].chars().count()).max()
    };
    let widths: Vec<usize> =
        (0..HEAD.len()).map(|column| width(column).unwrap_or(0)).collect();
    lines.iter().map(|line| spaced(line, &widths)).collect()
}

fn spaced(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:<width$}"))
        .collect();
    format!("{}\n", padded.join("  ").trim_end())
}

fn cells(row: &Row) -> [String; 8] {
    let interval = match (row.low, row.high) {
        (Some(low), Some(high)) => format!("{low:.3}-{high:.3}"),
        _ => "-".to_owned(),
    };
    let met = match row.met {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "-",
    };
    [
        format!("{} / {}", row.metric, row.peer_name),
        row.unit.to_owned(),
        figure(row.ours),
        figure(row.peer),
        figure(row.ratio),
        interval,
        row.goal.map_or_else(|| "-".to_owned(), |goal| goal.to_string()),
        met.to_owned(),
    ]
}

fn figure(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests;
