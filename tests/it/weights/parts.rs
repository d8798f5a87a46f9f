//! Networks inside training checkpoints: prefixes of tensor names, averaged weights, heads of other names, and files that must not
//! bind.

use filterscope::weights::{BoundWeights, NodeParams, PartChoice, PartError, TensorFile};

use super::{assert_values, expected, fixture, toy};

fn choice(prefix: Option<&str>, ema: bool) -> PartChoice {
    PartChoice { prefix: prefix.map(str::to_owned), ema }
}

fn part(name: &str, choice: &PartChoice) -> Result<TensorFile, PartError> {
    let file =
        TensorFile::read_part(&fixture("training").join(name), choice).unwrap_or_else(|e| panic!("{e}"));
    file.part_for(&toy(), "toy", &["fc."])
}

fn bind(name: &str, choice: &PartChoice) -> (TensorFile, BoundWeights) {
    let file = part(name, choice).unwrap_or_else(|e| panic!("{e}"));
    let bound = BoundWeights::bind(&toy(), "toy", &file, &["fc."]).unwrap_or_else(|e| panic!("{e}"));
    (file, bound)
}

/// Asserts that the other network of a fixture is bound: every value is greater by a hundred.
fn assert_others(name: &str, bound: &BoundWeights) {
    let graph = toy();
    let NodeParams::Conv { kernel, .. } = bound.of(graph.find("stem").unwrap()) else { panic!("{name}") };
    let wanted: Vec<f32> = expected("stem.weight").into_iter().map(|value| value + 100.0).collect();
    assert_eq!(kernel, wanted, "{name}");
}

/// For each file: the notes, the network's place in the file, and the number of classes, if known.
#[test]
fn a_network_is_found_in_training_checkpoints() {
    for (name, notes, place, classes) in [
        (
            "lightning.ckpt",
            "taken from `state_dict`; `model.` cut off all names; `backbone.` taken off names; beside it `head.` (2 tensors)",
            "state_dict.model.backbone",
            Some(10),
        ),
        (
            "mmpretrain.pth",
            "taken from `state_dict`; `backbone.` taken off names; beside it `head.` (2 tensors)",
            "state_dict.backbone",
            Some(10),
        ),
        (
            "two_heads.ckpt",
            "taken from `state_dict`; `backbone.` taken off names; beside it `head.` (2 tensors); no classes are named: there are \
             two heads",
            "state_dict.backbone",
            None,
        ),
        (
            "teacher.pth",
            "taken from `teacher`; `backbone.` taken off names; beside it `head.` (3 tensors)",
            "teacher.backbone",
            None,
        ),
        ("params.pth", "taken from `params`; EMA weights are in `params_ema`", "params", None),
        ("timm.pth", "taken from `state_dict`; EMA weights are in `state_dict_ema`", "state_dict", None),
        ("ema_only.pth", "taken from `ema` (EMA weights)", "ema", None),
        ("averaged.pth", "`module.` taken off names; beside it `n_averaged`", "module", None),
        ("best_acc.pth", "taken from `state_dict`; `module.` cut off all names", "state_dict.module", None),
        (
            "best_acc_old_kind.pth",
            "taken from `state_dict`; `module.` cut off all names",
            "state_dict.module",
            None,
        ),
        (
            "nested.pth",
            "taken from `classy`; `base_model.model.trunk._feature_blocks.` taken off names; beside it `base_model.model.heads.` (3 \
             tensors)",
            "classy.base_model.model.trunk._feature_blocks",
            None,
        ),
        (
            "tied.ckpt",
            "taken from `state_dict`; `net.` taken off names; beside it `backbone.` (7 tensors)",
            "state_dict.net",
            None,
        ),
        (
            "segmenter.pth",
            "`backbone.` taken off names; beside it `aux_classifier.` (1 tensor), `classifier.` (2 tensors); there are convolutions \
             beside the network: if they are a segmenter's or detector's, its strides and dilations may be others than here, which no \
             tensor shows",
            "backbone",
            None,
        ),
        ("no_checksums.pth", "saved without checksums, so damage can't be found", "", None),
    ] {
        let (file, bound) = bind(name, &PartChoice::default());
        assert_eq!(file.notes().join("; "), notes, "{name}");
        assert_eq!(file.place().unwrap_or_default(), place, "{name}");
        assert_eq!(bound.head().map(filterscope::weights::Head::num_classes), classes, "{name}");
        assert_values(name, &bound);
    }
}

/// If two networks fit, the error lists them. A person names one by its whole prefix or the prefix's beginning, with or without the part
/// that is cut off all names.
#[test]
fn two_networks_that_fit_need_a_choice() {
    for (name, prefixes, ours, theirs) in [
        (
            "moco.pth",
            ["encoder_k.", "encoder_q."],
            ["encoder_q", "encoder_q.", "module.encoder_q", "state_dict.module.encoder_q."].as_slice(),
            "module.encoder_k",
        ),
        (
            "dino.pth",
            ["teacher.backbone.", "student.module.backbone."],
            ["teacher", "teacher.backbone"].as_slice(),
            "student",
        ),
    ] {
        let error = part(name, &PartChoice::default()).unwrap_err();
        let path = fixture("training").join(name);
        assert_eq!(
            error.to_string(),
            format!(
                "the file holds toy 2 times, under `{}`, `{}`: \"{}\"",
                prefixes[0],
                prefixes[1],
                path.display()
            )
        );
        for asked in ours {
            let (file, bound) = bind(name, &choice(Some(asked), false));
            assert_values(name, &bound);
            // A layer `fc` in a file of two networks gives no classes.
            assert!(bound.head().is_none() && file.part().has_no_classes(), "{name}");
        }
        assert_others(name, &bind(name, &choice(Some(theirs), false)).1);
    }
    let error = part("moco.pth", &choice(Some("encoder"), false)).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "no tensor's name begins with `encoder` in this file; names begin with `encoder_k.`, `encoder_q.`, `queue`, `queue_ptr`"
        ),
        "{error}"
    );
}

#[test]
fn averaged_weights_are_used_on_request() {
    for name in ["timm.pth", "params.pth", "ema_beside.ckpt"] {
        let (file, bound) = bind(name, &PartChoice::default());
        assert!(file.part().has_other_average(), "{name}");
        assert_values(name, &bound);
        let (file, bound) = bind(name, &choice(None, true));
        assert!(file.part().has_other_average(), "{name}");
        assert_others(name, &bound);
    }
    let (file, _) = bind("timm.pth", &choice(None, true));
    assert_eq!(file.notes(), ["taken from `state_dict_ema` (EMA weights)", "the others are in `state_dict`"]);
    assert_values("ema_only.pth", &bind("ema_only.pth", &choice(None, true)).1);
    let error = part("lightning.ckpt", &choice(None, true)).unwrap_err().to_string();
    assert!(error.starts_with("the file holds no EMA weights of this network: "), "{error}");
}

/// A head may have any name and number of classes. It gives classes only if it is a single linear layer.
#[test]
fn heads_of_other_names_bind() {
    for name in ["fc", "fc_1", "head", "head_fc", "last_linear", "classifier", "classifier_1"] {
        let (file, bound) = bind(&format!("head_{name}.pth"), &PartChoice::default());
        assert_values(name, &bound);
        let head = bound.head().unwrap_or_else(|| panic!("{name}"));
        assert_eq!((head.num_classes(), head.name(3)), (10, None), "{name}");
        assert_eq!((bound.num_head_tensors(), file.notes().len()), (2, 0), "{name}");
    }
    let (_, bound) = bind("head_deep.pth", &PartChoice::default());
    assert_eq!((bound.num_head_tensors(), bound.head().is_none()), (4, true));
}

/// A network that lacks a tensor or has an additional one doesn't bind under any prefix. The error has the file's names.
#[test]
fn an_incomplete_or_extended_network_does_not_bind() {
    for (name, differences) in [
        ("extra_block.pth", "; not part of it: `backbone.stem2.weight`"),
        ("missing.pth", "; missing: `backbone.bn.running_var`"),
    ] {
        let file = part(name, &PartChoice::default()).unwrap();
        let path = fixture("training").join(name);
        assert_eq!(
            BoundWeights::bind(&toy(), "toy", &file, &["fc."]).unwrap_err().to_string(),
            format!("the weights don't fit toy{differences}: \"{}\"", path.display())
        );
    }
}

/// A bit flipped anywhere in the bytes that are read is found: either the bound values are those that were saved, or none are bound. Bits
/// that aren't found are in bytes that aren't read: times and attributes of entries, padding between them, and unused entries.
#[test]
fn a_flipped_bit_is_found_or_harmless() {
    let good = std::fs::read(fixture("plain.pth")).unwrap();
    let values = |bound: &BoundWeights| toy().ids().map(|id| bound.of(id)).collect::<Vec<_>>();
    let read = |bytes: Vec<u8>| {
        let file = TensorFile::from_bytes(bytes, "t").map_err(|error| error.to_string())?;
        BoundWeights::bind(&toy(), "toy", &file, &["fc."]).map_err(|error| error.to_string())
    };
    let wanted = values(&read(good.clone()).unwrap());
    let data = good.windows(12).position(|w| w == b"plain/data/0").unwrap();
    let (mut num_found, mut num_damaged) = (0, 0);
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            match read(bytes) {
                Ok(bound) => assert_eq!(values(&bound), wanted, "byte {at}, bit {bit}"),
                Err(error) => {
                    num_found += 1;
                    num_damaged += usize::from(error.contains("is damaged: it has not the checksum"));
                }
            }
        }
    }
    assert!(data > 0 && num_damaged > 8 * 54 * 4, "{num_damaged} of {num_found}");
}
