//! HDF5 files of old and new versions of Keras.

use std::sync::Arc;

use filterscope::engine::{Backbone, ComputeDevice, Session};
use filterscope::graph::{
    ActivationFn, BatchNorm, BorderMean, Conv2d, Graph, GraphBuilder, Op, Padding, Pool2d,
};
use filterscope::models::Registry;
use filterscope::tensor::InputBatch;
use filterscope::weights::{BoundWeights, Format, TensorFile};

use super::{assert_values, bind, fixture};
use crate::support::golden::relative_error;
use crate::support::hashweights;
use crate::support::npy::npy_f32;

/// The network of `keras/tiny.json`, which has one of each kind of layer.
fn tiny() -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let x = b.conv("conv2d_1", x, Conv2d::new(3, 8, 3).with_stride(2));
    b.keras(x, "conv2d_1");
    let x = b.node("bn_1", Op::BatchNorm(BatchNorm { channels: 8, eps: 1e-3, has_gamma: false }), &[x]);
    b.keras(x, "batch_normalization_1");
    let x = b.act("activation_1", x, ActivationFn::Relu);
    let x = b.conv("sep.depthwise", x, Conv2d::depthwise(8, 3).with_padding(Padding::Same));
    b.keras(x, "block1_sepconv1");
    let x = b.conv("sep.pointwise", x, Conv2d::new(8, 12, 1));
    b.keras(x, "block1_sepconv1");
    let x = b.norm("block1_sepconv1_bn", x, 12, 1.001e-5);
    b.keras(x, "block1_sepconv1_bn");
    let x = b.act("activation_2", x, ActivationFn::Relu);
    let main = b.conv("block2_conv1", x, Conv2d::new(12, 16, 3).with_padding(Padding::Same).with_bias());
    b.keras(main, "block2_conv1");
    let main = b.max_pool("block2_pool", main, Pool2d::new(3, 2, Padding::Same));
    let skip = b.conv("conv2d_2", x, Conv2d::new(12, 16, 1).with_stride(2).with_padding(Padding::Same));
    b.keras(skip, "conv2d_2");
    let sum = b.node("add_1", Op::Add, &[main, skip]);
    let mean =
        b.avg_pool("average_pooling2d_1", sum, Pool2d::new(3, 1, Padding::Same), BorderMean::IgnoreBorder);
    let x = b.node("mixed0", Op::Concat, &[sum, mean]);
    b.stage(x);
    b.finish().unwrap()
}

#[test]
fn every_layout_gives_the_output_that_keras_gave() {
    let (shape, reference) = npy_f32(fixture("keras/tiny_output.npy"));
    for (name, format) in [
        ("keras/tiny_legacy_weights_notop.h5", Format::KerasH5),
        ("keras/tiny_keras2_weights_notop.h5", Format::KerasH5),
        ("keras/tiny_legacy_model.h5", Format::KerasH5),
        ("keras/tiny_keras3.weights.h5", Format::Keras3),
        ("keras/tiny_keras3_model.keras", Format::KerasZip),
    ] {
        let file = TensorFile::read(&fixture(name)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(file.format(), format, "{name}");
        assert_eq!(file.names().count(), 13, "{name}: tensors of tiny.json");
        let row = Registry::find("xception.keras_in1k").unwrap();
        let backbone = Backbone::with_graph(row, tiny(), file).unwrap_or_else(|e| panic!("{e}"));
        let mut session = Session::new(Arc::new(backbone), ComputeDevice::cpu()).unwrap();
        let input = InputBatch::new(1, 32, 40, hashweights::noise_input(32, 40)).unwrap();
        let got = session.activations(&input, &[tiny().final_node()]).unwrap().remove(0);
        assert_eq!([1, got.shape().channels, got.shape().height, got.shape().width], shape[..], "{name}");
        let error = relative_error(got.values(), &reference);
        assert!(error <= 1e-5, "{name}: differs from Keras by {error:e} of the range");
    }
}

/// The file has all layers of Keras' InceptionV3 under their names, with two channels each. All layers must be found in their order,
/// and only shapes may differ.
#[test]
fn inception_v3_binds_by_order() {
    let file = TensorFile::read(&fixture("keras/inception_v3_names_cut_keras2_notop.h5")).unwrap();
    let graph = (Registry::find("inception_v3.keras_in1k").unwrap().build)().unwrap();
    let error = BoundWeights::bind(&graph, "inception_v3.keras_in1k", &file, &[]).unwrap_err();
    assert_eq!((error.missing, error.surplus), (vec![], vec![]));
    assert_eq!(error.misshaped.len(), 94 * 4, "every kernel, beta, mean and variance has other channels");
}

#[test]
fn names_of_2016_nested_models_halves_and_compression() {
    for name in ["keras1_names.h5", "model_inside.h5", "half.h5", "compressed.h5"] {
        let (file, bound) = bind(name);
        assert_eq!(file.format(), Format::KerasH5, "{name}");
        assert_values(name, &bound);
    }
}
