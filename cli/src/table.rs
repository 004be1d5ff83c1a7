//! Columns that line up. Pure.

/// Rows under titles. A column is as wide as its widest cell.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// A title, and how its cells stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    stand: Stand,
}

#[derive(Clone, Copy, Debug)]
enum Stand {
    Left,
    Right,
}

/// A column of words.
pub(crate) const fn words(title: &'static str) -> Column {
    Column { title, stand: Stand::Left }
}

/// A column of numbers.
pub(crate) const fn numbers(title: &'static str) -> Column {
    Column { title, stand: Stand::Right }
}

/// Between two columns.
const GAP: &str = "  ";
/// In place of an empty cell, so that columns can be counted.
const EMPTY: &str = "-";

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        let shown = |cell: String| match cell.is_empty() {
            true => EMPTY.to_owned(),
            false => cell,
        };
        self.rows.push(cells.into_iter().map(shown).collect());
    }

    /// As lines, titles first; empty where there are no rows.
    pub(crate) fn text(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let titles = self.columns.iter().map(|c| c.title.to_owned()).collect();
        let widths = self.widths();
        std::iter::once(&titles)
            .chain(&self.rows)
            .map(|cells| self.line(cells, &widths))
            .collect()
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(at, column)| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                let widest = cells.map(|cell| cell.chars().count()).max();
                widest.unwrap_or_default().max(column.title.len())
            })
            .collect()
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let columns = self.columns.iter().zip(widths);
        let cells =
            cells.iter().zip(columns).map(
                |(cell, (column, width))| match column.stand {
                    Stand::Left => format!("{cell:<width$}"),
                    Stand::Right => format!("{cell:>width$}"),
                },
            );
        let line = cells.collect::<Vec<_>>().join(GAP);
        format!("{}\n", line.trim_end())
    }
}

/// Names and values, one per line: how one thing is shown.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let widest = fields.iter().map(|(name, _)| name.len()).max();
    let width = widest.unwrap_or_default();
    fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name:<width$}{GAP}{value}\n"))
        .collect()
}

#[cfg(test)]
mod tests;
