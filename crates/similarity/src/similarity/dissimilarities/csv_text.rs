//! A matrix as text: numbers between commas, semicolons, tabs or blanks, with or without names of the pictures along its sides.

use super::array::{Array, MAX_VALUES};
use crate::tensor::shown;

/// Reads the numbers, and the names of the pictures if there are any.
pub(super) fn read(bytes: &[u8]) -> Result<(Array, Option<Vec<String>>), String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| {
        "it is no text, and no file of numpy or MATLAB; dissimilarities are read from .npy, .csv and .mat"
            .to_owned()
    })?;
    let (rows, separator) = rows(text)?;
    if separator != ',' {
        refuse_decimal_commas(&rows)?;
    }
    let Some(first) = rows.first() else { return Err("there is nothing in it".to_owned()) };
    // Without names, the first row begins with a number, or with the diagonal's empty cell.
    let has_header = match first.1.first() {
        Some(cell) if cell.is_empty() => !is_blank_diagonal(&rows),
        Some(cell) => number(cell).is_none(),
        None => true,
    };
    let (header, body) =
        if has_header { (Some(&first.1), rows.get(1..).unwrap_or_default()) } else { (None, &rows[..]) };
    let width = body.first().map_or(0, |row| row.1.len());
    let has_row_names = header.is_some_and(|header| header.len() == width && body.len() + 1 == width);
    let skip = usize::from(has_row_names);
    let mut values = Vec::new();
    for (line, cells) in body {
        if cells.len() != width {
            return Err(format!(
                "line {line} has {} cells, and the first row of numbers has {width}",
                cells.len()
            ));
        }
        for cell in cells.iter().skip(skip) {
            let value = number(cell).ok_or_else(|| format!("line {line}: `{}` is no number", shown(cell)))?;
            values.push(value);
        }
        if values.len() > MAX_VALUES {
            return Err("it has too many numbers".to_owned());
        }
    }
    let names = header.map(|header| header.get(skip..).unwrap_or_default().to_vec());
    if let Some(names) = &names {
        if names.len() + skip != width {
            return Err(format!(
                "it has {} names, and rows of {} numbers",
                names.len(),
                width.saturating_sub(skip)
            ));
        }
        if has_row_names {
            for ((line, cells), name) in body.iter().zip(names) {
                if cells.first() != Some(name) {
                    let got = cells.first().map_or("", String::as_str);
                    return Err(format!(
                        "line {line} is named `{}`, and the column of the same place `{}`",
                        shown(got),
                        shown(name)
                    ));
                }
            }
        }
    }
    // Numbers that pandas counts rows with are no names.
    let is_counted = |names: &Vec<String>| names.iter().enumerate().all(|(at, name)| name.parse() == Ok(at));
    let names = names.filter(|names| !is_counted(names));
    let shape = vec![body.len() as u64, (width - skip) as u64];
    Ok((Array { shape, values, is_column_major: false }, names))
}

/// Whether a table that begins with an empty cell has one wherever a picture meets itself, or no names below the first: then it is the
/// diagonal, and no corner between names.
fn is_blank_diagonal(rows: &[(u64, Vec<String>)]) -> bool {
    let Some((_, first)) = rows.first() else { return false };
    let are_numbers = first.iter().all(|cell| number(cell).is_some());
    let is_blank = rows.iter().enumerate().all(|(at, (_, row))| row.get(at).is_some_and(String::is_empty));
    let are_names = rows.iter().zip(first).all(|((_, row), name)| row.first() == Some(name));
    are_numbers && (is_blank || !are_names)
}

/// Cells of lines with the lines' numbers, from 1.
type Rows = Vec<(u64, Vec<String>)>;

/// Lines with their numbers from 1, as cells without blanks around them. Empty lines and those that begin with `#` are left out.
/// The separator comes with them, a blank where there is none.
fn rows(text: &str) -> Result<(Rows, char), String> {
    let is_kept = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    // The first row of a triangle may be one number, without a separator.
    let is_there = |separator: &char| text.lines().filter(is_kept).any(|line| line.contains(*separator));
    let Some(separator) = ['\t', ';', ','].into_iter().find(is_there) else {
        let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        let lines = text.lines().enumerate().filter(|(_, line)| is_kept(line));
        return Ok((lines.map(|(at, line)| (at as u64 + 1, cells(line))).collect(), ' '));
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .delimiter(separator as u8)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push((line, record.iter().map(|cell| cell.trim().to_owned()).collect()));
    }
    Ok((rows, separator))
}

/// Numbers with decimal commas, which would be taken for names where they stand first.
fn refuse_decimal_commas(rows: &[(u64, Vec<String>)]) -> Result<(), String> {
    let is_german = |cell: &&String| number(cell).is_none() && number(&cell.replacen(',', ".", 1)).is_some();
    for (line, cells) in rows {
        if let Some(cell) = cells.iter().find(is_german) {
            let cell = shown(cell);
            return Err(format!("line {line}: `{cell}` has a decimal comma; write a decimal point"));
        }
    }
    Ok(())
}

/// A cell's number; an empty one is NaN, which only a triangle that isn't filled may have.
fn number(cell: &str) -> Option<f64> {
    if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_and_without_names_are_read() {
        let expected = vec![0.0, 1.5, 1.5, 0.0];
        for text in
            ["0,1.5\n1.5,0\n", "# made by x\n0 1.5\n\n1.5 0", "\u{feff}0;1.5\r\n1.5;0\r\n", "0\t1.5\n1.5\t0"]
        {
            let (array, names) = read(text.as_bytes()).unwrap();
            assert_eq!((array.shape, array.values, names), (vec![2, 2], expected.clone(), None), "{text}");
        }
        let named = Some(vec!["a.png".to_owned(), "b, c.png".to_owned()]);
        for text in [
            ",a.png,\"b, c.png\"\na.png,0,1.5\n\"b, c.png\",1.5,0\n",
            "picture,a.png,\"b, c.png\"\na.png,0,1.5\n\"b, c.png\",1.5,0\n",
            "a.png,\"b, c.png\"\n0,1.5\n1.5,0\n",
        ] {
            let (array, names) = read(text.as_bytes()).unwrap();
            assert_eq!(
                (array.shape, array.values, names),
                (vec![2, 2], expected.clone(), named.clone()),
                "{text}"
            );
        }
        for text in [",1.5,2\n,,3\n,,\n", ",1.5,2\n1.5,,3\n2,3,\n", "0,1.5,2\n,0,3\n,,0\n"] {
            let (array, names) = read(text.as_bytes()).unwrap();
            assert_eq!((array.shape.clone(), names), (vec![3, 3], None), "{text}");
            assert_eq!(super::super::triangle::pairs(&array), Ok((3, vec![1.5, 2.0, 3.0])), "{text}");
        }
        let (array, names) = read(b",0,1\n0,0,1.5\n1,1.5,0\n").unwrap();
        assert_eq!((array.values, names), (expected, None), "pandas numbers rows that have no names");
    }

    #[test]
    fn other_text_is_refused() {
        let error = |text: &str| read(text.as_bytes()).unwrap_err();
        assert_eq!(error("0,1\n1\n"), "line 2 has 1 cells, and the first row of numbers has 2");
        assert_eq!(error("0,1\n1,x\n"), "line 2: `x` is no number");
        let comma = "line 1: `1,5` has a decimal comma; write a decimal point";
        assert_eq!(error("0;1,5\n1,5;0\n"), comma);
        assert_eq!(error("0,0;1,5\n1,5;0,0\n"), "line 1: `0,0` has a decimal comma; write a decimal point");
        assert_eq!(error("a;b\n0;1,5\n1,5;0\n"), comma.replace("line 1", "line 2"));
        assert_eq!(error("0\n1,0\n2,3,0\n"), "line 2 has 2 cells, and the first row of numbers has 1");
        assert_eq!(error("\n"), "there is nothing in it");
        assert_eq!(
            error(",a,b\na,0,1\nc,1,0\n"),
            "line 3 is named `c`, and the column of the same place `b`"
        );
        assert!(read(b"\xff\xfe\x00").unwrap_err().starts_with("it is no text"));
    }
}
