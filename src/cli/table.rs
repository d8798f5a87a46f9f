//! Plain text tables that fit the terminal, and short forms of large numbers.

use std::io::IsTerminal as _;

use terminal_size::{Width, terminal_size};

pub(super) use crate::study::short::{short_bytes, short_count};

/// Characters between two columns.
const GAP: &str = "  ";

/// One column of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub(super) struct TableColumn {
    /// The heading.
    pub title: &'static str,
    /// Whether cells are aligned to the right, as for numbers.
    pub is_right: bool,
    /// Order in which columns are left out to fit the width, largest number first; 0 is never left out.
    pub dispensable: u8,
}

impl TableColumn {
    /// A column of words that is never left out.
    pub(super) const fn words(title: &'static str) -> Self {
        Self { title, is_right: false, dispensable: 0 }
    }

    /// A column of numbers that is never left out.
    pub(super) const fn number(title: &'static str) -> Self {
        Self { title, is_right: true, dispensable: 0 }
    }

    /// The same column, but left out where it doesn't fit. Columns with a larger `order` are left out first.
    pub(super) const fn dispensable(self, order: u8) -> Self {
        Self { dispensable: order, ..self }
    }
}

/// Rows of text under headings.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<TableColumn>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(super) fn new(columns: Vec<TableColumn>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row: one cell per column.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table, one line per row, and the titles of the columns that were left out to fit `width`. Cells are never cut off: where the
    /// remaining columns are still too wide, the terminal wraps the lines.
    pub(super) fn to_text(&self, width: Option<usize>) -> (String, Vec<&'static str>) {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| num_chars(cell));
                cells.chain([num_chars(self.columns[at].title)]).max().unwrap_or(0)
            })
            .collect();
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let mut left_out = Vec::new();
        let total = |shown: &[usize]| {
            shown.iter().map(|at| widths[*at]).sum::<usize>() + GAP.len() * shown.len().saturating_sub(1)
        };
        while width.is_some_and(|width| total(&shown) > width) {
            let Some(place) = (0..shown.len())
                .filter(|place| self.columns[shown[*place]].dispensable > 0)
                .max_by_key(|place| self.columns[shown[*place]].dispensable)
            else {
                break;
            };
            left_out.push(self.columns[shown.remove(place)].title);
        }
        let titles: Vec<String> = self.columns.iter().map(|c| c.title.to_owned()).collect();
        let mut text = String::new();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let cells: Vec<String> = shown
                .iter()
                .map(|at| {
                    let cell = row.get(*at).map_or("", String::as_str);
                    let blanks = " ".repeat(widths[*at].saturating_sub(num_chars(cell)));
                    if self.columns[*at].is_right {
                        format!("{blanks}{cell}")
                    } else {
                        format!("{cell}{blanks}")
                    }
                })
                .collect();
            text.push_str(cells.join(GAP).trim_end());
            text.push('\n');
        }
        (text, left_out)
    }
}

/// Width of the terminal in characters; `None` where stdout is a file or a pipe, which take any width.
pub(super) fn stdout_width() -> Option<usize> {
    let (Width(columns), _) = terminal_size().filter(|_| std::io::stdout().is_terminal())?;
    Some(columns.into())
}

/// Wraps a paragraph into lines of at most `width` characters and indents all lines but the first. A longer word gets its own line.
pub(super) fn wrap(text: &str, width: Option<usize>) -> String {
    const INDENT: &str = "    ";
    let Some(width) = width else { return format!("{text}\n") };
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = num_chars(word);
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(INDENT);
            column = INDENT.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
    out
}

/// Number of characters; every character in these tables is one terminal cell wide.
fn num_chars(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_in_their_order_until_it_fits() {
        let mut table = Table::new(vec![
            TableColumn::words("NAME"),
            TableColumn::number("N").dispensable(1),
            TableColumn::words("NOTE").dispensable(2),
        ]);
        table.row(vec!["a×b".into(), "10".into(), "long words".into()]);
        assert_eq!(table.to_text(None), ("NAME   N  NOTE\na×b   10  long words\n".into(), vec![]));
        assert_eq!(table.to_text(Some(20)).1, Vec::<&str>::new());
        assert_eq!(table.to_text(Some(19)), ("NAME   N\na×b   10\n".into(), vec!["NOTE"]));
        assert_eq!(table.to_text(Some(2)), ("NAME\na×b\n".into(), vec!["NOTE", "N"]));
    }

    #[test]
    fn paragraphs_are_wrapped() {
        assert_eq!(wrap("one two three", Some(9)), "one two\n    three\n");
        assert_eq!(wrap("one two three", None), "one two three\n");
    }

    #[test]
    fn counts_are_short() {
        let short = [999, 1_000, 9_994, 9_999, 21_785_568, 138_357_544, 5_713_000_000].map(short_count);
        assert_eq!(short, ["999", "1.00 k", "9.99 k", "10.0 k", "21.8 M", "138 M", "5.71 G"]);
        assert_eq!([999, 102_469_840].map(short_bytes), ["999 bytes", "102 MB"]);
    }
}
