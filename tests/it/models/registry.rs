//! Model specs: names, descriptions, preprocessing, and the layer names of their graphs.

use std::collections::BTreeSet;

use filterscope::graph::Op;
use filterscope::models::{ModelSpec, Registry, Verification};
use filterscope::tensor::{Fit, LongSide, MapShape, PixelSize, Remedied, Remedy, ResizeFilter, ValueScale};

use super::{graph, spec, torch_name};

#[test]
fn every_model_spec_builds_and_accepts_its_own_input_size() {
    for spec in Registry::specs() {
        let graph = (spec.build)().unwrap_or_else(|e| panic!("{}: {e}", spec.tag));
        let infos = graph.infer(spec.preprocess.size).unwrap_or_else(|e| panic!("{}: {e}", spec.tag));
        assert_eq!(infos.len(), graph.nodes().len(), "{}", spec.tag);
        let expected = final_shape(spec);
        assert_eq!(infos[graph.final_node().0].shape, expected, "{}", spec.tag);
        assert_eq!(
            graph.final_node().0 + 1,
            graph.nodes().len(),
            "{}: nothing after the final layer",
            spec.tag
        );
    }
}

/// The expected shape of the final layer at a model's own input size.
fn final_shape(spec: &ModelSpec) -> MapShape {
    let arch = spec.arch();
    let (channels, side) = match arch {
        // Keras' and torchvision's networks are evaluated at the paper's sizes, timm's own at smaller sizes.
        "efficientnet_b1" if spec.preprocess.size.width == 240 => (1280, 8),
        "efficientnet_b2" if spec.is_keras => (1408, 9),
        "efficientnet_b2" if spec.tag.ends_with(".tv_in1k") => (1408, 9),
        "efficientnet_b3" if spec.preprocess.size.width == 300 => (1536, 10),
        "efficientnet_b4" if spec.preprocess.size.width == 380 => (1792, 12),
        "efficientnet_b5" => (2048, 15),
        "efficientnet_b6" => (2304, 17),
        "efficientnet_b7" => (2560, 19),
        "mobilenetv3_small_100" => (576, 7),
        "inception_v3" => (2048, 8),
        "legacy_xception" | "xception" => (2048, 10),
        "resnet18" | "resnet34" => (512, 7),
        "resnet50" | "resnet101" | "resnet152" => (2048, 7),
        vgg if vgg.starts_with("vgg") => (512, 7),
        "tf_efficientnet_b0"
        | "tf_efficientnet_lite0"
        | "efficientnet_b0"
        | "efficientnet_b1"
        | "mobilenetv2_100"
        | "repvgg_b0" => (1280, 7),
        "efficientnet_b2" => (1408, 8),
        "efficientnet_b3" => (1536, 9),
        "efficientnet_b4" => (1792, 10),
        "mobilenetv3_large_100" => (960, 7),
        "densenet121" | "convnext_base" | "googlenet" => (1024, 7),
        "densenet169" => (1664, 7),
        "densenet201" => (1920, 7),
        "regnety_004" => (440, 7),
        "regnety_008" | "convnext_tiny" | "convnext_small" => (768, 7),
        "regnety_016" => (888, 7),
        "regnety_032" => (1512, 7),
        "repvgg_a2" => (1408, 7),
        "repvgg_b1" => (2048, 7),
        "convnext_large" => (1536, 7),
        "inception_resnet_v2" => (1536, 8),
        vit if vit.starts_with("vit_small_patch14") => (384, 37),
        vit if vit.starts_with("vit_base_patch14") => (768, 37),
        vit if vit.starts_with("vit_large_patch14") => (1024, 37),
        "tf_efficientnet_b1" | "tf_efficientnet_lite1" => (1280, 8),
        "tf_efficientnet_lite2" => (1280, 9),
        "tf_efficientnet_lite3" => (1280, 10),
        "tf_efficientnet_lite4" => (1280, 12),
        "tf_efficientnet_b2" => (1408, 9),
        "tf_efficientnet_b3" => (1536, 10),
        "tf_efficientnet_b4" => (1792, 12),
        "tf_efficientnet_b5" => (2048, 15),
        "tf_efficientnet_b6" => (2304, 17),
        "tf_efficientnet_b7" => (2560, 19),
        other => panic!("no final shape stated for {other}"),
    };
    MapShape::new(channels, side, side)
}

#[test]
fn names_of_models_are_unique_and_every_architecture_has_one_default() {
    let mut names = BTreeSet::new();
    for spec in Registry::specs() {
        for name in std::iter::once(spec.tag).chain(spec.bare_names.iter().copied()) {
            assert!(names.insert(name), "`{name}` is given twice");
            assert_eq!(Registry::find(name).unwrap().tag, spec.tag);
        }
        let (arch, tag) = spec.tag.split_once('.').unwrap();
        assert_eq!(arch, spec.arch());
        for bare in spec.bare_names {
            let is_keras_class = bare.starts_with(char::is_uppercase);
            // Meta's own names, under which these networks are known.
            let is_metas = bare.starts_with("dinov2_vit");
            let is_torchvisions = bare.starts_with("mobilenet_v");
            assert!(
                *bare == arch || is_keras_class || is_metas || is_torchvisions,
                "{bare} means {}",
                spec.tag
            );
            assert_eq!(
                tag == "keras_in1k",
                is_keras_class || arch == "xception",
                "{bare} means {}",
                spec.tag
            );
        }
        assert!(
            names.contains(arch) || Registry::of_arch(arch).any(|r| r.bare_names.contains(&arch)),
            "{arch}"
        );
    }
    for (bare, tag) in [
        ("EfficientNetB0", "efficientnet_b0.keras_in1k"),
        ("efficientnet_b0", "efficientnet_b0.ra_in1k"),
        ("efficientnet_b7", "efficientnet_b7.tv_in1k"),
        ("MobileNetV2", "mobilenetv2_100.keras_in1k"),
        ("mobilenet_v2", "mobilenetv2_100.tv_in1k"),
        ("mobilenet_v3_small", "mobilenetv3_small_100.tv_in1k"),
        ("inception_v3", "inception_v3.tv_in1k"),
        ("InceptionV3", "inception_v3.keras_in1k"),
        ("resnet50", "resnet50.a1_in1k"),
        ("ResNet50", "resnet50.keras_in1k"),
        ("vgg16", "vgg16.tv_in1k"),
        ("VGG16", "vgg16.keras_in1k"),
        ("xception", "xception.keras_in1k"),
        ("Xception", "xception.keras_in1k"),
        ("tf_efficientnet_b0", "tf_efficientnet_b0.in1k"),
        ("tf_efficientnet_b7", "tf_efficientnet_b7.aa_in1k"),
        ("convnext_base", "convnext_base.fb_in1k"),
        ("inception_resnet_v2", "inception_resnet_v2.tf_in1k"),
        ("tf_efficientnet_lite0", "tf_efficientnet_lite0.in1k"),
    ] {
        assert_eq!(spec(bare).tag, tag);
    }
    // Two architectures whose weight files fit both.
    assert_eq!(spec("efficientnet_b0").tag, "efficientnet_b0.ra_in1k");
    assert_ne!(graph("efficientnet_b0"), graph("tf_efficientnet_b0"));
    let error = Registry::find("tf_efficientnet_c0").unwrap_err().to_string();
    assert!(error.contains("tf_efficientnet_b0"), "{error}");
}

#[test]
fn a_model_that_is_no_longer_carried_has_its_own_error() {
    let error = Registry::find("inception_v3.moderation").unwrap_err();
    assert_eq!(error.to_string(), "inception_v3.moderation is no longer carried with the program");
    assert_eq!(error.remedy(), Some(Remedy::OtherModel));
    let error = Registry::find("inception_v3.moderate").unwrap_err();
    assert!(error.to_string().starts_with("no model `inception_v3.moderate`; did you mean "), "{error}");
    assert_eq!(error.remedy(), Some(Remedy::ListModels));
}

#[test]
fn every_model_spec_has_a_full_description() {
    for spec in Registry::specs() {
        for (what, text) in [
            ("title", spec.title),
            ("variant", spec.variant),
            ("license", spec.license),
            ("source", spec.source),
        ] {
            assert!(!text.is_empty(), "{}: no {what}", spec.tag);
            assert!(!text.contains("  "), "{}: {what} has a run of spaces", spec.tag);
        }
        assert!(!spec.head_prefixes.is_empty(), "{}", spec.tag);
        let graph = (spec.build)().unwrap();
        for node in graph.nodes() {
            for (role, _) in node.op.params() {
                let name = torch_name(node, role);
                let hidden = spec.head_prefixes.iter().find(|prefix| name.starts_with(**prefix));
                assert_eq!(hidden, None, "{}: {name} would be taken for the classifier's", spec.tag);
            }
        }
        assert_eq!(spec.preprocess.size.width, spec.preprocess.size.height);
    }
    let real: Vec<_> =
        Registry::specs().filter(|r| r.verification == Verification::RealWeights).map(|r| r.tag).collect();
    assert_eq!(real, ["xception.keras_in1k", "vgg16.keras_in1k", "tf_efficientnet_lite0.in1k"]);
}

/// The expected values are from timm 1.0.31's `default_cfgs`, and from Keras' `preprocess_input` and `load_img`.
#[test]
fn preprocessing_belongs_to_the_tag() {
    use ResizeFilter::{Bicubic, Bilinear, Nearest};
    let check = |tag: &str, side: usize, fit: Fit, filter: ResizeFilter, scale: ValueScale| {
        let spec = spec(tag).preprocess;
        assert_eq!(
            (spec.size, spec.fit, spec.filter, spec.scale),
            (PixelSize::square(side), fit, filter, scale),
            "{tag}"
        );
    };
    let crop = |crop_pct| Fit::ShortSideCrop { crop_pct, long_side: LongSide::CutDown };
    check("inception_v3.tv_in1k", 299, crop(0.875), Bicubic, ValueScale::HALF);
    check("inception_v3.tf_in1k", 299, crop(0.875), Bicubic, ValueScale::HALF);
    check("inception_v3.gluon_in1k", 299, crop(0.875), Bicubic, ValueScale::TORCH);
    check("inception_v3.keras_in1k", 299, Fit::Stretch, Nearest, ValueScale::TF);
    check("legacy_xception.tf_in1k", 299, crop(0.8975), Bicubic, ValueScale::HALF);
    check("xception.keras_in1k", 299, Fit::Stretch, Nearest, ValueScale::TF);
    for depth in [18, 34, 50, 101, 152] {
        check(&format!("resnet{depth}.a1_in1k"), 224, crop(0.95), Bicubic, ValueScale::TORCH);
        check(&format!("resnet{depth}.tv_in1k"), 224, crop(0.875), Bilinear, ValueScale::TORCH);
    }
    for tag in ["resnet50", "resnet101", "resnet152", "vgg16", "vgg19"] {
        check(&format!("{tag}.keras_in1k"), 224, Fit::Stretch, Nearest, ValueScale::CAFFE);
    }
    for depth in [11, 13, 16, 19] {
        check(&format!("vgg{depth}.tv_in1k"), 224, crop(0.875), Bilinear, ValueScale::TORCH);
        check(&format!("vgg{depth}_bn.tv_in1k"), 224, crop(0.875), Bilinear, ValueScale::TORCH);
    }
    let b = [
        (224, 0.875),
        (240, 0.882),
        (260, 0.89),
        (300, 0.904),
        (380, 0.922),
        (456, 0.934),
        (528, 0.942),
        (600, 0.949),
    ];
    for (n, (side, pct)) in b.into_iter().enumerate() {
        let main = if n < 6 { "in1k" } else { "aa_in1k" };
        check(&format!("tf_efficientnet_b{n}.{main}"), side, crop(pct), Bicubic, ValueScale::TORCH);
        check(&format!("tf_efficientnet_b{n}.ap_in1k"), side, crop(pct), Bicubic, ValueScale::HALF);
    }
    // torchvision converts ImageNet's scale to −1..1 inside this network; here the input is −1..1.
    check("googlenet.tv_in1k", 224, crop(0.875), Bilinear, ValueScale::HALF);
    for tag in ["fb_in1k", "fb_in22k_ft_in1k"] {
        check(&format!("convnext_small.{tag}"), 224, crop(0.875), Bicubic, ValueScale::TORCH);
    }
    check("inception_resnet_v2.tf_in1k", 299, crop(0.8975), Bicubic, ValueScale::HALF);
    // The embedded Lite0 is preprocessed as its reference inputs were made: TensorFlow's scale, the long side rounded.
    let rounded = Fit::ShortSideCrop { crop_pct: 0.875, long_side: LongSide::Rounded };
    check("tf_efficientnet_lite0.in1k", 224, rounded, Bicubic, ValueScale::LITE);
    for (n, side, pct, filter) in [
        (1, 240, 0.882, Bicubic),
        (2, 260, 0.89, Bicubic),
        (3, 300, 0.904, Bilinear),
        (4, 380, 0.92, Bilinear),
    ] {
        check(&format!("tf_efficientnet_lite{n}.in1k"), side, crop(pct), filter, ValueScale::HALF);
    }
}

#[test]
fn layer_names_are_unique_and_stages_are_in_execution_order() {
    for spec in Registry::specs() {
        let graph = (spec.build)().unwrap();
        let mut names = BTreeSet::new();
        for name in graph.nodes().iter().map(|n| n.name.as_str()).chain(graph.aliases().map(|(name, _)| name))
        {
            assert!(names.insert(name), "{}: `{name}` twice", spec.tag);
        }
        assert!(graph.stages().is_sorted(), "{}", spec.tag);
        assert!(graph.stages().len() >= 8, "{}", spec.tag);
        for id in graph.ids() {
            assert!(graph.node(id).inputs.iter().all(|input| *input < id), "{}", spec.tag);
        }
        // Every node except the final one is used by another. Grids of tokens aren't; they exist only to be shown.
        let used: BTreeSet<_> = graph.nodes().iter().flat_map(|n| n.inputs.iter().copied()).collect();
        for id in graph.ids().filter(|id| !used.contains(id) && *id != graph.final_node()) {
            assert!(matches!(graph.node(id).op, Op::TokenGrid(_)), "{}: {}", spec.tag, graph.node(id).name);
        }
    }
}

#[test]
fn names_that_people_type_are_found() {
    for (tag, names) in [
        ("inception_v3.tv_in1k", &["Conv2d_1a_3x3.bn", "Mixed_5b.branch_pool.pool", "mixed0", "mixed10"][..]),
        (
            "resnet50.a1_in1k",
            &["layer4", "layer4.2.conv3", "layer1.0.downsample", "layer1.0.add", "layer1.0.act3"],
        ),
        ("resnet18.a1_in1k", &["layer4.1.conv2", "layer2.0.downsample.1", "relu"]),
        ("resnet152.keras_in1k", &["conv4_block36_3_bn", "conv5_block3_add", "conv5_block3_out"]),
        ("vgg16.tv_in1k", &["features.30", "block5_conv3", "block5_pool"]),
        ("vgg19_bn.tv_in1k", &["features.52"]),
        (
            "xception.keras_in1k",
            &["block2_sepconv1", "block14_sepconv2_act", "block1.rep.0", "block12.skipbn"],
        ),
        (
            "tf_efficientnet_b0.in1k",
            &["blocks.1.1.se", "blocks.1.1.se.gate", "bn1.act", "blocks.6", "blocks.6.0"],
        ),
        ("tf_efficientnet_b7.ap_in1k", &["blocks.0.3.se.conv_expand", "blocks.6.3.bn3"]),
        (
            "convnext_tiny",
            &["stem", "stages.0", "stages.1.downsample", "stages.2.blocks.8.mlp", "stages.3.blocks.2.gamma"],
        ),
        (
            "inception_resnet_v2",
            &["mixed_5b", "repeat", "repeat.9", "repeat_1.19.conv2d", "block8", "repeat.0.branch2"],
        ),
        (
            "dinov2_vits14",
            &["patch_embed", "blocks.11", "blocks.0.tokens", "blocks.0.attn.qkv", "blocks.3.ls1", "norm"],
        ),
        ("googlenet", &["conv1", "maxpool3", "inception3a.branch4.0", "inception4e.branch3", "inception5b"]),
    ] {
        let graph = graph(tag);
        for name in names {
            assert!(graph.find(name).is_some(), "{tag} has no {name}");
        }
    }
    // The same node has two names.
    let resnet = graph("resnet50.tv_in1k");
    assert_eq!(resnet.find("layer4"), resnet.find("layer4.2"));
    assert_eq!(resnet.find("layer1.0.downsample"), resnet.find("layer1.0.downsample.1"));
    let lite = graph("tf_efficientnet_lite0.in1k");
    assert_eq!(lite.find("blocks.1.0"), lite.find("blocks.1.0.bn3"));
    assert_eq!(lite.node(lite.find("blocks.1.1").unwrap()).op, Op::Add);
    let vgg = graph("vgg16.keras_in1k");
    assert_eq!(vgg.find("block1_conv1"), vgg.find("features.1"));
    // VGG-11 and VGG with batch norm are not in Keras.
    assert_eq!(graph("vgg11.tv_in1k").find("block1_conv1"), None);
    assert_eq!(graph("vgg16_bn.tv_in1k").find("block1_conv1"), None);
}
