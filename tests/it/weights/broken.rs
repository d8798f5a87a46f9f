//! Broken and foreign files: exact messages, no panic, and no memory allocated because a file claims a size.

use std::io::Write as _;

use filterscope::weights::{BoundWeights, TensorFile};
use zip::write::SimpleFileOptions;

use super::{fixture, toy};

const TH_ADVICE: &str = "get the file with `tf_kernels` in its name";
const OBJECT: &str = "nothing in it is executed here; save the model's `state_dict()` instead";

/// Each file of `broken/` gives its exact message.
#[test]
fn each_broken_file_says_what_it_is() {
    let archive = "this ZIP archive can't be read";
    let old = "this PyTorch file of the old kind can't be read";
    let h5 = "this HDF5 file can't be read";
    for (name, expected) in [
        ("cut.pth", format!("{archive}: its directory at the end is missing or damaged; get it again")),
        ("missing_storage.pth", format!("{archive}: `plain/data/0` is missing in it")),
        ("short_storage.pth", format!("{archive}: `stem.weight` claims more values than its storage holds")),
        ("huge.pth", format!("{archive}: `stem.weight` claims more values than its storage holds")),
        ("big_endian.pth", format!("{archive}: its values are big-endian; save it again on another machine")),
        ("no_tensors.pth", format!("{archive}: no network's tensors in it; it holds `epoch`, `lr`")),
        (
            "sparse.pth",
            format!("{archive}: `stem.weight` is no plain tensor (sparse, quantised or of a kind that is new here)"),
        ),
        (
            "script.pt",
            "this is a TorchScript archive, which holds a program; save the model's `state_dict()` with `torch.save`".into(),
        ),
        ("whole_model.pth", format!("this is a pickle of a Python object, `__main__.Plain`, and not of weights; {OBJECT}")),
        (
            "whole_model_inside.pth",
            format!(
                "this is a pickle of a Python object, `__main__.Plain`, and not of weights (under `state_dict`); {OBJECT}"
            ),
        ),
        (
            "evil.pth",
            format!("this is a pickle of a Python object, `posix.system`, and not of weights (under `state_dict`); {OBJECT}"),
        ),
        (
            "evil_old_kind.pth",
            format!("this is a pickle of a Python object, `posix.system`, and not of weights; {OBJECT}"),
        ),
        (
            "no_torch.pkl",
            "this is a Python pickle and no file of PyTorch's; save the model's `state_dict()` with `torch.save`".into(),
        ),
        (
            "cut_old_kind.pth",
            "the weight file is cut short, or a length in it is damaged: it promises more than the 1431 bytes it has; get it again".into(),
        ),
        ("cut_old_kind_pickle.pth", format!("{old}: its pickle is cut short at byte 150")),
        (
            "theano.h5",
            format!("this is a Keras file of the Theano backend, whose kernels are turned by 180° (`th_kernels`); {TH_ADVICE}"),
        ),
        (
            "not_keras.h5",
            "this is an HDF5 file with none of what Keras writes (`layer_names`, `model_weights` or `layers`); weights come \
             from `model.save_weights` or `model.save`"
                .into(),
        ),
        ("no_weights.h5", format!("{h5}: none of its layers has weights")),
        (
            "claims.h5",
            format!("{h5}: `dense/dense/kernel:0` claims 4398046511104 bytes of values, more than a file of SIZE can hold"),
        ),
        (
            "claims_chunked.h5",
            format!("{h5}: `dense/dense/kernel:0` claims 4398046511104 bytes of values, more than a file of SIZE can hold"),
        ),
    ] {
        let path = fixture("broken").join(name);
        let size = std::fs::metadata(&path).unwrap().len().to_string();
        let error = match TensorFile::read(&path) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{name} was read"),
        };
        assert_eq!(error, format!("{}: \"{}\"", expected.replace("SIZE", &size), path.display()), "{name}");
    }
    assert!(!std::path::Path::new("filterscope-was-here").exists(), "a pickle was executed");
}

/// Kernels in Theano's order fit no graph here, and the error says which order they have.
#[test]
fn kernels_in_theanos_order_are_reported_as_such() {
    let path = fixture("broken/th_order.h5");
    let file = TensorFile::read(&path).unwrap();
    assert_eq!(
        BoundWeights::bind(&toy(), "toy", &file, &[]).unwrap_err().to_string(),
        format!(
            "the weights don't fit toy; `conv2d/kernel` has shape [2, 3, 3, 3], expected [3, 3, 3, 2]; its kernels lie in \
             Theano's order: {TH_ADVICE}: \"{}\"",
            path.display()
        )
    );
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, content) in members {
        zip.start_file(*name, packed).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The error for an archive of another kind lists the entries at its top level.
#[test]
fn an_archive_of_another_kind_says_what_it_holds() {
    let neither = "neither PyTorch's data.pkl nor Keras' model.weights.h5 in it; it holds";
    let unpack = "if the weights are inside, unpack it first";
    for (members, expected) in [
        (vec![], "this is an empty ZIP archive; get the file again: \"z\"".to_owned()),
        (
            vec![("net/model.pth", b"x".as_slice()), ("net/notes.txt", b"y"), ("readme.txt", b"z")],
            format!("this is a ZIP archive with {neither} `net/`, `readme.txt`; {unpack}: \"z\""),
        ),
        (
            vec![
                ("1", b"".as_slice()),
                ("2", b""),
                ("3", b""),
                ("4", b""),
                ("5", b""),
                ("6", b""),
                ("7", b""),
            ],
            format!(
                "this is a ZIP archive with {neither} `1`, `2`, `3`, `4`, `5`, `6` and more; {unpack}: \"z\""
            ),
        ),
    ] {
        assert_eq!(TensorFile::from_bytes(archive(&members), "z").unwrap_err().to_string(), expected);
    }
}

/// Small archives that unpack to much more than a pickle of names needs.
#[test]
fn zip_bombs_are_left_packed() {
    let zeros = vec![0; 65 << 20];
    let bomb = archive(&[("a/data.pkl", &zeros)]);
    assert!(bomb.len() < 100_000);
    assert_eq!(
        TensorFile::from_bytes(bomb.clone(), "bomb").unwrap_err().to_string(),
        "this ZIP archive can't be read: `a/data.pkl` unpacks to more than 67108864 bytes: \"bomb\""
    );
    // The same archive with a wrong size in its directory: the limit holds while unpacking, too.
    let honest = (zeros.len() as u32).to_le_bytes();
    let mut lying = bomb;
    let places: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..*at + 4] == honest).collect();
    assert!(!places.is_empty());
    for at in places {
        lying[at..at + 4].copy_from_slice(&100u32.to_le_bytes());
    }
    let error = TensorFile::from_bytes(lying, "bomb").unwrap_err().to_string();
    assert!(error.starts_with("this ZIP archive can't be read: `a/data.pkl`"), "{error}");
    let h5 = archive(&[("model.weights.h5", b"\x89HDF\r\n\x1a\nnot more"), ("config.json", b"{}")]);
    let error = TensorFile::from_bytes(h5, "k").unwrap_err().to_string();
    assert!(error.starts_with("this ZIP archive can't be read: "), "{error}");
}

/// One pickle doubles a reference forty times, which is a terabyte for a reader that copies. Another is nested deeper than a stack allows.
#[test]
fn pickles_that_expand_or_nest_too_much_are_refused() {
    let mut doubling = b"\x80\x02]q\x00".to_vec();
    for _ in 0..40 {
        doubling.extend_from_slice(b"h\x00h\x00\x86q\x000");
    }
    doubling.extend_from_slice(b"h\x00.");
    let mut deep = b"\x80\x02)".to_vec();
    deep.extend(std::iter::repeat_n(b'\x85', 2_000_000));
    deep.push(b'.');
    for pickle in [doubling, deep] {
        let error = TensorFile::from_bytes(archive(&[("a/data.pkl", &pickle)]), "p").unwrap_err().to_string();
        assert_eq!(error, "this ZIP archive can't be read: its pickle holds no dictionary of tensors: \"p\"");
    }
}

/// Files that are cut anywhere, or have any byte changed, give a result or an error, never a panic.
#[test]
fn damage_anywhere_never_panics() {
    let names = [
        "plain.pth",
        "packed.pth",
        "old_kind_views.pth",
        "compressed.h5",
        "keras1_names.h5",
        "keras/tiny_keras3_model.keras",
    ];
    for name in names {
        let good = std::fs::read(fixture(name)).unwrap();
        let try_it = |bytes: Vec<u8>| {
            if let Ok(file) = TensorFile::from_bytes(bytes, "t") {
                let _ = BoundWeights::bind(&toy(), "toy", &file, &[]);
            }
        };
        // A step that is prime to the formats' own strides.
        for at in (0..good.len()).step_by(1 + good.len() / 700) {
            try_it(good[..at].to_vec());
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= change;
                try_it(bytes);
            }
        }
    }
}

/// Bytes that partly look like a weight file, and the errors that say what they are.
#[test]
fn files_that_only_begin_like_a_weight_file_are_named_correctly() {
    let header = br#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let tensors =
        |num_values: usize| [&(header.len() as u64).to_le_bytes()[..], header, &vec![0; num_values]].concat();
    assert!(TensorFile::from_bytes(tensors(4), "f").is_ok());
    // Pickle protocol 4 puts pickles into frames.
    let framed =
        [b"\x80\x04\x95\x0d\0\0\0\0\0\0\0".as_slice(), b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."].concat();
    for (bytes, expected) in [
        (
            tensors(6),
            "this safetensors file can't be read: 2 bytes follow the last tensor, of which its header says nothing; get it again",
        ),
        (
            tensors(3),
            "the weight file is cut short, or a length in it is damaged: it promises more than the 65 bytes it has; get it again",
        ),
        (
            b"\x10\0\0\0\0\0\0\0\x05\x05\x05".to_vec(),
            "this is no weight file of a kind that is read here (safetensors, PyTorch's .pth, Keras' .h5 or .keras)",
        ),
        (
            b"<?xml version=\"1.0\"?><net/>".to_vec(),
            "this is an XML document; weights are read from safetensors, PyTorch's .pth and Keras' .h5 and .keras files",
        ),
        (framed, "this PyTorch file of the old kind can't be read: its pickle is cut short at byte 24"),
    ] {
        assert_eq!(TensorFile::from_bytes(bytes, "f").unwrap_err().to_string(), format!("{expected}: \"f\""));
    }
}
