//! Graphs are compared with numbers that papers and libraries publish. Properties that no number shows are tested, too.

use filterscope::graph::{ActivationFn, BorderMean, Op, ReceptiveField, Sides};
use filterscope::models::Registry;
use filterscope::tensor::PixelSize;

use super::{graph, spec};

/// The published numbers of trained values of whole networks, less those of the classifier (the last column, computed from its layers'
/// sizes).
///
/// torchvision: `num_params` of its weights' metadata (timm's networks of the same names have the same tensors; InceptionV3
/// without the auxiliary classifier is timm's `inception_v3`). EfficientNet-Lite: timm. Keras: "Total params" of
/// `include_top=False`, which counts running statistics.
#[test]
fn parameter_counts_are_the_published_ones() {
    const VGG_HEAD: usize = (25088 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000;
    let fc = |features: usize| (features + 1) * 1000;
    for (arch, total, head) in [
        ("resnet18.tv_in1k", 11_689_512, fc(512)),
        ("resnet34.tv_in1k", 21_797_672, fc(512)),
        ("resnet50.tv_in1k", 25_557_032, fc(2048)),
        ("resnet101.tv_in1k", 44_549_160, fc(2048)),
        ("resnet152.tv_in1k", 60_192_808, fc(2048)),
        ("vgg11.tv_in1k", 132_863_336, VGG_HEAD),
        ("vgg13.tv_in1k", 133_047_848, VGG_HEAD),
        ("vgg16.tv_in1k", 138_357_544, VGG_HEAD),
        ("vgg19.tv_in1k", 143_667_240, VGG_HEAD),
        ("vgg11_bn.tv_in1k", 132_868_840, VGG_HEAD),
        ("vgg13_bn.tv_in1k", 133_053_736, VGG_HEAD),
        ("vgg16_bn.tv_in1k", 138_365_992, VGG_HEAD),
        ("vgg19_bn.tv_in1k", 143_678_248, VGG_HEAD),
        ("inception_v3.tv_in1k", 23_834_568, fc(2048)),
        ("legacy_xception.tf_in1k", 22_855_952, fc(2048)),
        ("tf_efficientnet_b0.in1k", 5_288_548, fc(1280)),
        ("tf_efficientnet_b1.in1k", 7_794_184, fc(1280)),
        ("tf_efficientnet_b2.in1k", 9_109_994, fc(1408)),
        ("tf_efficientnet_b3.in1k", 12_233_232, fc(1536)),
        ("tf_efficientnet_b4.in1k", 19_341_616, fc(1792)),
        ("tf_efficientnet_b5.in1k", 30_389_784, fc(2048)),
        ("tf_efficientnet_b6.aa_in1k", 43_040_704, fc(2304)),
        ("tf_efficientnet_b7.aa_in1k", 66_347_960, fc(2560)),
        ("tf_efficientnet_lite0.in1k", 4_652_008, fc(1280)),
        ("tf_efficientnet_lite1.in1k", 5_416_680, fc(1280)),
        ("tf_efficientnet_lite2.in1k", 6_092_072, fc(1280)),
        ("tf_efficientnet_lite3.in1k", 8_197_096, fc(1280)),
        ("tf_efficientnet_lite4.in1k", 13_006_568, fc(1280)),
        ("densenet121.tv_in1k", 7_978_856, fc(1024)),
        ("densenet169.tv_in1k", 14_149_480, fc(1664)),
        ("densenet201.tv_in1k", 20_013_928, fc(1920)),
        ("mobilenetv2_100.ra_in1k", 3_504_872, fc(1280)),
        ("efficientnet_b0.tv_in1k", 5_288_548, fc(1280)),
        ("efficientnet_b4.tv_in1k", 19_341_616, fc(1792)),
        ("efficientnet_b7.tv_in1k", 66_347_960, fc(2560)),
        ("mobilenetv2_100.tv_in1k", 3_504_872, fc(1280)),
        ("mobilenetv3_large_100.tv_in1k", 5_483_032, (960 + 1) * 1280 + fc(1280)),
        ("mobilenetv3_small_100.tv_in1k", 2_542_856, (576 + 1) * 1024 + fc(1024)),
        ("googlenet.tv_in1k", 6_624_904, fc(1024)),
        // The classifier includes the norm of the means.
        ("convnext_tiny.fb_in1k", 28_589_128, fc(768) + 2 * 768),
        ("convnext_small.fb_in1k", 50_223_688, fc(768) + 2 * 768),
        ("convnext_base.fb_in1k", 88_591_464, fc(1024) + 2 * 1024),
        ("convnext_large.fb_in1k", 197_767_336, fc(1536) + 2 * 1536),
    ] {
        assert_eq!(graph(arch).num_params().trained, total - head, "{arch}");
    }
    for (tag, total) in [
        ("vgg16.keras_in1k", 14_714_688),
        ("vgg19.keras_in1k", 20_024_384),
        ("resnet50.keras_in1k", 23_587_712),
        ("resnet101.keras_in1k", 42_658_176),
        ("resnet152.keras_in1k", 58_370_944),
        ("inception_v3.keras_in1k", 21_802_784),
        ("xception.keras_in1k", 20_861_480),
        ("mobilenetv2_100.keras_in1k", 2_257_984),
        // Less the seven values of the layer that normalises the picture.
        ("efficientnet_b0.keras_in1k", 4_049_571 - 7),
        ("efficientnet_b3.keras_in1k", 10_783_535 - 7),
        ("efficientnet_b7.keras_in1k", 64_097_687 - 7),
    ] {
        let count = graph(tag).num_params();
        assert_eq!(count.trained + count.running_stats, total, "{tag}");
    }
}

/// Billions of multiply-adds per picture, from `_ops` in the metadata of torchvision's weights (convolutions and classifier, three digits
/// after the point). The classifier's are added to ours. The input size is the one torchvision evaluates at.
#[test]
fn multiply_adds_are_the_published_ones() {
    const VGG_HEAD: u64 = 25088 * 4096 + 4096 * 4096 + 4096 * 1000;
    for (tag, side, published, head) in [
        ("resnet18.tv_in1k", 224, 1.814, 512_000),
        ("resnet34.tv_in1k", 224, 3.664, 512_000),
        ("resnet50.tv_in1k", 224, 4.089, 2_048_000),
        ("resnet101.tv_in1k", 224, 7.801, 2_048_000),
        ("resnet152.tv_in1k", 224, 11.514, 2_048_000),
        ("vgg11.tv_in1k", 224, 7.609, VGG_HEAD),
        ("vgg13.tv_in1k", 224, 11.308, VGG_HEAD),
        ("vgg16.tv_in1k", 224, 15.47, VGG_HEAD),
        ("vgg19.tv_in1k", 224, 19.632, VGG_HEAD),
        ("vgg16_bn.tv_in1k", 224, 15.47, VGG_HEAD),
        ("densenet121.tv_in1k", 224, 2.834, 1_024_000),
        ("densenet169.tv_in1k", 224, 3.36, 1_664_000),
        ("densenet201.tv_in1k", 224, 4.291, 1_920_000),
        ("mobilenetv2_100.ra_in1k", 224, 0.301, 1_280_000),
        ("googlenet.tv_in1k", 224, 1.498, 1_024_000),
        ("convnext_tiny.fb_in1k", 224, 4.456, 768_000),
        ("convnext_small.fb_in1k", 224, 8.684, 768_000),
        ("convnext_base.fb_in1k", 224, 15.355, 1_024_000),
        ("convnext_large.fb_in1k", 224, 34.361, 1_536_000),
        ("inception_v3.tv_in1k", 299, 5.713, 2_048_000),
        ("tf_efficientnet_b0.in1k", 224, 0.386, 1_280_000),
        ("tf_efficientnet_b1.in1k", 240, 0.687, 1_280_000),
        ("tf_efficientnet_b2.in1k", 288, 1.088, 1_408_000),
        ("tf_efficientnet_b3.in1k", 300, 1.827, 1_536_000),
        ("tf_efficientnet_b4.in1k", 380, 4.394, 1_792_000),
        ("tf_efficientnet_b5.in1k", 456, 10.266, 2_048_000),
        ("tf_efficientnet_b6.aa_in1k", 528, 19.068, 2_304_000),
        ("tf_efficientnet_b7.aa_in1k", 600, 37.746, 2_560_000),
    ] {
        let infos = graph(tag).infer(PixelSize::square(side)).unwrap();
        let ours = infos.iter().map(|i| i.mult_adds).sum::<u64>() + head;
        let difference = (ours as f64 / 1e9 - published).abs();
        // Half of the last published digit, doubled.
        assert!(difference <= 0.001, "{tag}: {ours} against {published} G");
    }
}

/// Receptive fields published by Araujo, Norris and Sim (Distill, 2019). Their ResNets, like Keras', have the stride in another layer than
/// torch's v1.5.
#[test]
fn receptive_fields_are_the_published_ones() {
    for (tag, layer, size, stride) in [
        ("vgg16.tv_in1k", "block5_pool", 212, 32),
        ("inception_v3.tv_in1k", "Mixed_7c", 1311, 32),
        ("inception_v3.keras_in1k", "mixed10", 1311, 32),
        ("resnet50.keras_in1k", "conv5_block3_out", 483, 32),
        ("resnet101.keras_in1k", "conv5_block3_out", 1027, 32),
        ("resnet152.keras_in1k", "conv5_block3_out", 1507, 32),
    ] {
        let graph = graph(tag);
        let id = graph.find(layer).unwrap();
        match graph.infer(spec(tag).preprocess.size).unwrap()[id.0].receptive_field {
            ReceptiveField::Window { rows, columns } => {
                assert_eq!((rows.size, columns.size), (size, size), "{tag} {layer}");
                assert_eq!((rows.stride, columns.stride), (stride, stride), "{tag} {layer}");
            }
            ReceptiveField::Whole => panic!("{tag} {layer} sees the whole picture"),
        }
    }
}

#[test]
fn batch_norm_epsilon_is_the_weights_own() {
    for row in Registry::specs() {
        let expected = match row.arch() {
            arch if arch.starts_with("tf_efficientnet") => 1e-3,
            "inception_v3" | "xception" | "inception_resnet_v2" | "googlenet" => 1e-3,
            _ if row.tag == "resnet50.keras_2016_in1k" => 1e-3,
            arch if arch.starts_with("efficientnet") && row.is_keras => 1e-3,
            "mobilenetv2_100" if row.is_keras => 1e-3,
            "mobilenetv3_large_100" | "mobilenetv3_small_100" if row.tag.ends_with(".tv_in1k") => 1e-3,
            // torchvision's B5 to B7 are TensorFlow's weights, B0 to B4 timm's.
            "efficientnet_b5" | "efficientnet_b6" | "efficientnet_b7" => 1e-3,
            _ if row.tag.ends_with(".keras_in1k") => 1.001e-5,
            _ => 1e-5,
        };
        for node in (row.build)().unwrap().nodes() {
            if let Op::BatchNorm(norm) = &node.op {
                assert_eq!(norm.eps, expected, "{} {}", row.tag, node.name);
            }
        }
    }
}

/// `ConvNeXt` and transformers: exact GELU; EfficientNet-B: `SiLU` and sigmoid gates; Lite and `MobileNetV2`: `ReLU6`; `RegNetY`: sigmoid
/// gates; `MobileNetV3`: hard-swish and hard-sigmoid gates, with `ReLU` in its first blocks and inside its gates; all others: `ReLU`. No
/// parameter or shape shows the activation function.
#[test]
fn activations_are_the_familys_own() {
    for row in Registry::specs() {
        let is_v3 = row.arch().starts_with("mobilenetv3_");
        let usual = match row.arch() {
            arch if arch.contains("efficientnet_b") => ActivationFn::Silu,
            arch if arch.starts_with("tf_efficientnet_lite") => ActivationFn::Relu6,
            "mobilenetv2_100" => ActivationFn::Relu6,
            arch if arch.starts_with("convnext") || arch.starts_with("vit_") => ActivationFn::Gelu,
            "mobilenetv3_large_100" | "mobilenetv3_small_100" => ActivationFn::HardSwish,
            _ => ActivationFn::Relu,
        };
        // In the small network the third stage already has hard-swish.
        let stages_of_relu = if row.arch() == "mobilenetv3_small_100" { 2 } else { 3 };
        let is_plain = |name: &str| {
            let early = (0..stages_of_relu).any(|stage| name.starts_with(&format!("blocks.{stage}.")));
            early || name.ends_with(".se.act1")
        };
        let graph = (row.build)().unwrap();
        for id in graph.ids() {
            let node = graph.node(id);
            if let Op::Activation(function) = node.op {
                // timm's name of the node, which is an alias in torchvision's networks.
                let timm = graph.aliases_of(id).into_iter().find(|name| name.starts_with("blocks."));
                let name = timm.filter(|_| row.tag.ends_with(".tv_in1k")).unwrap_or(&node.name);
                let expected = match name.ends_with(".se.gate") {
                    true if is_v3 => ActivationFn::HardSigmoid,
                    true => ActivationFn::Sigmoid,
                    false if is_v3 && is_plain(name) => ActivationFn::Relu,
                    false => usual,
                };
                assert_eq!(function, expected, "{} {}", row.tag, node.name);
            }
        }
    }
}

#[test]
fn strides_and_borders_are_where_the_tag_puts_them() {
    let conv = |tag: &str, name: &str| {
        let graph = graph(tag);
        match graph.node(graph.find(name).unwrap()).op {
            Op::Conv2d(conv) => conv,
            ref other => panic!("{name} is a {}", other.kind()),
        }
    };
    assert_eq!(conv("resnet50.tv_in1k", "layer2.0.conv1").stride, [1, 1]);
    assert_eq!(conv("resnet50.tv_in1k", "layer2.0.conv2").stride, [2, 2]);
    assert_eq!(conv("resnet50.keras_in1k", "conv3_block1_1_conv").stride, [2, 2]);
    assert_eq!(conv("resnet50.keras_in1k", "conv3_block1_2_conv").stride, [1, 1]);
    assert_eq!(conv("resnet18.tv_in1k", "layer2.0.conv1").stride, [2, 2]);

    // Border convention of the average pools, by tag.
    for (tag, expected) in [
        ("inception_v3.keras_in1k", BorderMean::IgnoreBorder),
        ("inception_v3.tv_in1k", BorderMean::CountBorder),
        ("inception_v3.tf_in1k", BorderMean::CountBorder),
        ("inception_v3.gluon_in1k", BorderMean::CountBorder),
    ] {
        let graph = graph(tag);
        let pools: Vec<_> = graph
            .nodes()
            .iter()
            .filter_map(|n| if let Op::AvgPool(_, border) = n.op { Some(border) } else { None })
            .collect();
        assert_eq!(pools, [expected; 9], "{tag}");
    }

    // EfficientNet at 224: all five stride-2 convolutions pad unevenly. Xception at 299: Keras' block3_pool alone (74 to 37).
    let uneven = |tag: &str, side: usize| -> Vec<String> {
        let graph = graph(tag);
        let infos = graph.infer(PixelSize::square(side)).unwrap();
        let is_uneven = |s: Sides| s.top != s.bottom || s.left != s.right;
        graph.ids().filter(|id| is_uneven(infos[id.0].border)).map(|id| graph.node(id).name.clone()).collect()
    };
    let five =
        ["conv_stem", "blocks.1.0.conv_dw", "blocks.2.0.conv_dw", "blocks.3.0.conv_dw", "blocks.5.0.conv_dw"];
    assert_eq!(uneven("tf_efficientnet_b0.in1k", 224), five);
    assert_eq!(uneven("efficientnet_b0.keras_in1k", 224), five);
    assert_eq!(uneven("efficientnet_b5.tv_in1k", 456), [""; 0], "TensorFlow's weights under torch's borders");
    assert_eq!(uneven("tf_efficientnet_lite0.in1k", 224), five);
    assert_eq!(uneven("xception.keras_in1k", 299), ["block2.rep.6"]);
    assert_eq!(uneven("legacy_xception.tf_in1k", 299), [""; 0]);
}
