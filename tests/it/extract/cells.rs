//! Columns of a table in the written features: the index has every cell's text unchanged, other files have numbers only where no digit
//! is lost.

use parquet::basic::Type as PhysicalType;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::sources::with;
use super::{QUICK, TAG, csv, manifest};
use crate::support::binary::Bench;

/// Each column's name, its three cells, and its kind: `i` whole numbers, `n` numbers, `t` text.
const COLUMNS: [(&str, [&str; 3], char); 15] = [
    ("image", ["a.png", "b.png", "c.png"], 't'),
    ("id", ["9007199254740993", "9007199254740992", "-1"], 'i'),
    ("id_or_none", ["1479424215880976321", "", "1479424215880976322"], 'i'),
    ("version", ["1.1", "1.10", "1.100"], 't'),
    ("exponent", ["1E1", "2.5", "-3"], 'n'),
    ("too_large", ["99e999", "1", "2"], 't'),
    ("long", ["123456789012345678901", "2", "3"], 't'),
    ("id_and_half", ["9007199254740993", "0.5", "1"], 't'),
    ("phone", ["+49170123", "+49170124", "+49170125"], 't'),
    ("zeros", ["007", "008", "010"], 't'),
    ("words", ["\"  x \"", "nan", "'"], 't'),
    ("nothing", ["", "\"\"", "y"], 't'),
    ("speed", ["12.0000", "12.5000", "-0.2500"], 'n'),
    ("speed_or_none", ["1.5", "", "2.50"], 'n'),
    ("spaced", [" 0.5", " 1.5 ", " 2.5"], 'n'),
];

fn plain(cell: &str) -> &str {
    cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).unwrap_or(cell)
}

fn bench() -> Bench {
    let bench = with(&["a.png", "b.png", "c.png"]);
    let line = |of: &dyn Fn(usize) -> &'static str| {
        (0..COLUMNS.len()).map(of).collect::<Vec<_>>().join(",") + "\r\n"
    };
    let mut table = line(&|at| COLUMNS[at].0);
    for row in 0..3 {
        table += &line(&|at| COLUMNS[at].1[row]);
    }
    bench.add("table.csv", table.as_bytes());
    bench
}

fn set(bench: &Bench, format: &str) -> std::path::PathBuf {
    bench.ok(&format!(
        "extract table.csv --path-column image -o {format} {QUICK} --pool avg --format {format}"
    ));
    bench.path(format).join(TAG)
}

/// The number that is stored for a cell; NaN for an empty one.
fn number(cell: &str) -> f64 {
    if cell.is_empty() { f64::NAN } else { cell.trim().parse().unwrap() }
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || a.is_nan() && b.is_nan())
}

#[test]
fn the_index_holds_every_cell_s_text() {
    let bench = bench();
    for format in ["folder", "npy", "npz", "h5", "safetensors", "parquet"] {
        let set = set(&bench, format);
        let index = csv(&set.join("index.csv"));
        for (name, cells, kind) in COLUMNS {
            let at = index[0].iter().position(|column| column == name).unwrap();
            let got: Vec<&str> = index[1..].iter().map(|line| line[at].as_str()).collect();
            assert_eq!(got, cells.map(plain), "{format}: {name}");
            let said = manifest(&bench, &format!("{format}/{TAG}"));
            let columns = said["columns"].as_array().unwrap();
            let said = columns.iter().find(|column| column["name"] == name).unwrap();
            let expected = match kind {
                'i' => "integer",
                'n' => "number",
                _ => "text",
            };
            assert_eq!(said["kind"], expected, "{format}: {name}");
        }
    }
}

#[test]
fn arrays_have_numbers_where_nothing_is_lost() {
    let bench = bench();
    let (npz, h5) = (set(&bench, "npz").join("features.npz"), set(&bench, "h5").join("features.h5"));
    let mut zip = zip::ZipArchive::new(std::fs::File::open(npz).unwrap()).unwrap();
    let h5 = hdf5_pure::File::open(h5).unwrap();
    let bytes = std::fs::read(set(&bench, "safetensors").join("features.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for (name, cells, kind) in COLUMNS {
        let cells = cells.map(plain);
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut zip.by_name(&format!("{name}.npy")).unwrap(), &mut bytes).unwrap();
        let array = npyz::NpyFile::new(&bytes[..]).unwrap();
        let kept = if name == "id_or_none" { 't' } else { kind };
        let set = h5.dataset(name).unwrap();
        match kept {
            'i' => {
                let expected = cells.map(|cell| cell.parse::<i64>().unwrap());
                assert_eq!(array.into_vec::<i64>().unwrap(), expected, "{name}");
                assert_eq!(set.read_i64().unwrap(), expected, "{name}");
                let tensor = tensors.tensor(name).unwrap();
                assert_eq!(tensor.dtype(), safetensors::Dtype::I64, "{name}");
            }
            'n' => {
                let expected = cells.map(number);
                assert!(same(&array.into_vec::<f64>().unwrap(), &expected), "{name}");
                assert!(same(&set.read_f64().unwrap(), &expected), "{name}");
                assert_eq!(tensors.tensor(name).unwrap().dtype(), safetensors::Dtype::F64, "{name}");
            }
            _ => {
                assert_eq!(array.into_vec::<String>().unwrap(), cells, "{name}");
                assert_eq!(set.read_string().unwrap(), cells, "{name}");
                assert!(tensors.tensor(name).is_err(), "{name} stands in the index");
            }
        }
    }
}

#[test]
fn tables_have_numbers_where_nothing_is_lost() {
    let bench = bench();
    let part = set(&bench, "parquet").join("features.parquet/part-00000.parquet");
    let reader = SerializedFileReader::new(std::fs::File::open(part).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema().get_fields().to_vec();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    for (name, cells, kind) in COLUMNS {
        let field = schema.iter().find(|field| field.name() == name).unwrap();
        let expected = match kind {
            'i' => PhysicalType::INT64,
            'n' => PhysicalType::DOUBLE,
            _ => PhysicalType::BYTE_ARRAY,
        };
        assert_eq!(field.get_physical_type(), expected, "{name}");
        for (row, cell) in rows.iter().zip(cells.map(plain)) {
            let got = row.get_column_iter().find(|(column, _)| *column == name).unwrap().1;
            match (kind, got) {
                ('t', parquet::record::Field::Str(text)) => assert_eq!(text, cell, "{name}"),
                ('i', parquet::record::Field::Long(value)) => assert_eq!(value.to_string(), cell, "{name}"),
                ('n', parquet::record::Field::Double(value)) => assert_eq!(*value, number(cell), "{name}"),
                ('i' | 'n', parquet::record::Field::Null) => assert_eq!(cell, "", "{name}"),
                (_, other) => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn shards_merge_to_the_same_texts() {
    let bench = bench();
    for format in ["npz", "parquet"] {
        let whole = set(&bench, format);
        for shard in 0..2 {
            bench.ok(&format!(
                "extract table.csv --path-column image -o shards_{format} {QUICK} --pool avg --format {format} --shard {shard}/2"
            ));
        }
        bench.ok(&format!("features merge shards_{format} -o merged_{format}"));
        super::assert_same(&whole, &bench.path(&format!("merged_{format}")).join(TAG));
    }
}

#[test]
fn decimal_commas_are_numbers_in_logs_and_in_tables_with_semicolons() {
    let bench = with(&["a.png", "b.png"]);
    bench.add("table.csv", b"image,price\na.png,\"1,234\"\nb.png,\"2,5\"\n");
    bench.add("german.csv", b"image;angle\na.png;-0,5\nb.png;1,25\n");
    bench.add(
        "log.csv",
        b"timestamp,frame_id,filename,angle\n1,center,a.png,\"-0,5\"\n900000000,center,b.png,\"1,25\"\n",
    );
    let kind = |arguments: &str, name: &str| {
        bench.ok(&format!("extract {arguments} -o out {QUICK} --pool avg --format npz --overwrite"));
        let said = manifest(&bench, &format!("out/{TAG}"));
        let columns = said["columns"].as_array().unwrap();
        let column = columns.iter().find(|column| column["name"] == name).unwrap();
        let index = csv(&bench.path("out").join(TAG).join("index.csv"));
        (column["kind"].as_str().unwrap().to_owned(), index[1].last().unwrap().clone())
    };
    assert_eq!(kind("table.csv --path-column image", "price"), ("text".into(), "1,234".into()));
    assert_eq!(kind("german.csv --path-column image", "angle"), ("number".into(), "-0,5".into()));
    assert_eq!(kind("log.csv", "angle"), ("number".into(), "-0,5".into()));
}
