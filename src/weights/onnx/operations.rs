//! What ONNX' operations on maps mean here: convolutions, linear layers, pools, norms and means.
//!
//! Source: the standard's operator list (<https://onnx.ai/onnx/operators/>).

use super::constant::Constant;
use super::convert::{Axis, Converter, Map, NCHW, Partial, Stage, Value, place};
use super::error::OnnxProblem;
use super::model::OnnxNode;
use super::plumbing::transpose;
use crate::graph::{ActivationFn, BatchNorm, BorderMean, Conv2d, LayerNorm, Lrn, Op, Padding, Pool2d, Sides};
use crate::weights::tensors::Entry;

/// Largest stride, dilation or window of a pool.
const MAX_WINDOW: i64 = 4096;

type Inputs<'a> = &'a [Option<Value>];

impl Converter {
    /// A node with at least one map among its inputs.
    pub(super) fn operation(&mut self, node: &OnnxNode, inputs: Inputs<'_>) -> Result<Value, OnnxProblem> {
        let op = node.op.as_str();
        match op {
            "Add" | "Sub" | "Mul" | "Div" => return self.arithmetic(node, inputs),
            "Sum" | "Max" | "Min" => return self.of_many(node, inputs).map(Value::Map),
            "Concat" => return self.concat(node, inputs),
            _ => {}
        }
        let Some(Some(Value::Map(x))) = inputs.first() else {
            return Err(node.unsupported("where its first input is no map"));
        };
        let x = x.clone();
        let activation = |function| Ok(Some(function));
        let function = match op {
            "Relu" => activation(ActivationFn::Relu),
            "Sigmoid" => activation(ActivationFn::Sigmoid),
            "HardSwish" => activation(ActivationFn::HardSwish),
            "Gelu" if node.text("approximate") == Some("tanh") => activation(ActivationFn::GeluTanh),
            "Gelu" => activation(ActivationFn::Gelu),
            "Swish" if node.float("alpha").unwrap_or(1.0) == 1.0 => activation(ActivationFn::Silu),
            "LeakyRelu" => activation(ActivationFn::LeakyRelu(factor(node, "alpha", 0.01)?)),
            "Elu" => activation(ActivationFn::Elu(factor(node, "alpha", 1.0)?)),
            "Tanh" => activation(ActivationFn::Tanh),
            "Softplus" => activation(ActivationFn::Softplus),
            "Mish" => activation(ActivationFn::Mish),
            "Abs" => activation(ActivationFn::Abs),
            "Sqrt" => activation(ActivationFn::Sqrt),
            "Reciprocal" => activation(ActivationFn::Reciprocal),
            _ => Ok(None),
        }?;
        if let Some(function) = function {
            return Ok(Value::Map(Map { id: self.draft.activation(&node.name, function, x.id), ..x }));
        }
        match op {
            "Erf" => self.erf(node, x),
            "LayerNormalization" => self.layer_norm(node, inputs, x).map(Value::Map),
            "HardSigmoid" => Ok(Value::Map(self.hard_sigmoid(node, x))),
            "Clip" => self.clip(node, inputs, x).map(Value::Map),
            "Conv" => self.conv(node, inputs, x).map(Value::Map),
            "BatchNormalization" => self.batch_norm(node, inputs, x).map(Value::Map),
            "MaxPool" | "AveragePool" => self.pool(node, x, Sides::default()).map(Value::Map),
            "GlobalAveragePool" | "GlobalMaxPool" => {
                in_order(node, &x, &NCHW)?;
                let id = self.draft.push(&node.name, over_map(node), &[x.id], self.channels(&x));
                Ok(Value::Map(Map { id, ..x }))
            }
            "ReduceMean" | "ReduceMax" => self.reduce(node, inputs, x),
            "LRN" => self.lrn(node, x).map(Value::Map),
            "Neg" => Ok(Value::Map(Map { id: self.draft.affine_of_all(&node.name, x.id, -1.0, 0.0), ..x })),
            "Pad" => self.pad(node, inputs, x),
            "Selu" => {
                let alpha = factor(node, "alpha", 1.673_263_2)?;
                let gamma = factor(node, "gamma", 1.050_701)?;
                let elu =
                    self.draft.activation(&format!("{}.elu", node.name), ActivationFn::Elu(alpha), x.id);
                Ok(Value::Map(Map {
                    id: self.draft.affine_of_all(&node.name, elu, f64::from(gamma), 0.0),
                    ..x
                }))
            }
            "PRelu" => self.prelu(node, inputs, &x).map(Value::Map),
            "Slice" => self.slice(node, inputs, &x).map(Value::Map),
            "Resize" | "Upsample" => self.resize(node, inputs, x).map(Value::Map),
            "Shape" => self.extent(node, &x),
            "Gemm" | "MatMul" => self.linear(node, inputs, x),
            "Identity" | "Dropout" | "CastLike" => Ok(Value::Map(x)),
            "Cast" => match node.int("to") {
                Some(1 | 10 | 11 | 16) => Ok(Value::Map(x)),
                to => Err(node.unsupported(format!("to the type {}", to.unwrap_or_default()))),
            },
            "Transpose" => transpose(node, &x).map(Value::Map),
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => self.reshape(node, inputs, &x),
            // What classifiers end in, and what asks for extents.
            "Softmax" | "LogSoftmax" | "ArgMax" | "TopK" | "Size" => Ok(self.leave(node, inputs)),
            _ if self.draft.nodes[x.id].is_pooled => Ok(self.leave(node, inputs)),
            _ => Err(node.unsupported("")),
        }
    }

    pub(super) fn channels(&self, x: &Map) -> usize {
        self.draft.nodes[x.id].channels
    }

    fn conv(&mut self, node: &OnnxNode, inputs: Inputs<'_>, x: Map) -> Result<Map, OnnxProblem> {
        let kernel = node.constant(inputs, 1, "kernel")?;
        let [c_out, c_in, rows, columns] = kernel.dims[..] else {
            return Err(node.unsupported(format!("with a kernel of {} axes", kernel.dims.len())));
        };
        in_order(node, &x, &NCHW)?;
        let got = self.channels(&x);
        let groups = count(node, "group", &[1])?[0];
        if kernel.len() == 0 || c_in.checked_mul(groups) != Some(got) || c_out % groups != 0 {
            let what =
                format!("its kernel is {:?} in {groups} groups, and {got} channels come in", kernel.dims);
            return Err(node.malformed(what));
        }
        let bias = node.optional(inputs, 2, "bias")?;
        if bias.is_some_and(|bias| bias.dims != [c_out]) {
            return Err(node.malformed("its bias isn't one value per filter"));
        }
        let not_floats = |what: &str, kind: &str| node.unsupported(format!("with a {what} of {kind}"));
        let weight =
            kernel.entry(kernel.dims.clone()).ok_or_else(|| not_floats("kernel", kernel.type_name()))?;
        let padding = self.padding(node)?;
        let conv = Conv2d {
            kernel: [rows, columns],
            stride: counts(node, "strides")?,
            dilation: counts(node, "dilations")?,
            padding,
            groups,
            has_bias: bias.is_some(),
            ..Conv2d::new(got, c_out, 1)
        };
        let id = self.draft.push(&node.name, Op::Conv2d(conv), &[x.id], c_out);
        let params = &mut self.draft.nodes[id].params;
        params.push(("weight", weight));
        if let Some(bias) = bias {
            params
                .push(("bias", bias.entry(vec![c_out]).ok_or_else(|| not_floats("bias", bias.type_name()))?));
        }
        Ok(Map { id, ..x })
    }

    fn batch_norm(&mut self, node: &OnnxNode, inputs: Inputs<'_>, x: Map) -> Result<Map, OnnxProblem> {
        if node.int("training_mode").unwrap_or(0) != 0 {
            return Err(node.unsupported("in training mode; export the network in evaluation mode"));
        }
        if x.axes.get(1) != Some(&Axis::Channel) {
            return Err(node.unsupported("over anything but channels"));
        }
        let channels = self.channels(&x);
        let mut params = Vec::with_capacity(4);
        let names =
            [("weight", "scale"), ("bias", "shift"), ("running_mean", "mean"), ("running_var", "variance")];
        for (at, (leaf, what)) in names.into_iter().enumerate() {
            let constant = node.constant(inputs, at + 1, what)?;
            let entry = constant.entry(vec![channels]).filter(|_| constant.dims == [channels]);
            let wrong =
                || node.malformed(format!("its {what} isn't one fraction for each of {channels} channels"));
            params.push((leaf, entry.ok_or_else(wrong)?));
        }
        let eps = f64::from(node.float("epsilon").unwrap_or(1e-5));
        let norm = BatchNorm { channels, eps, has_gamma: true };
        let id = self.draft.push(&node.name, Op::BatchNorm(norm), &[x.id], channels);
        self.draft.nodes[id].params = params;
        Ok(Map { id, ..x })
    }

    /// Over channels, which must be the last axis.
    fn layer_norm(&mut self, node: &OnnxNode, inputs: Inputs<'_>, x: Map) -> Result<Map, OnnxProblem> {
        let rank = x.axes.len();
        let axis = place(node.int("axis").unwrap_or(-1), rank);
        if axis != Some(rank - 1) || x.axes.last() != Some(&Axis::Channel) {
            return Err(node.unsupported("over anything but channels"));
        }
        let channels = self.channels(&x);
        let scale = node.constant(inputs, 1, "scale")?;
        let wrong = |what: &str| {
            node.malformed(format!("its {what} isn't one fraction for each of {channels} channels"))
        };
        let entry = |constant: &Constant, what: &str| {
            constant.entry(vec![channels]).filter(|_| constant.len() == channels).ok_or_else(|| wrong(what))
        };
        let weight = entry(scale, "scale")?;
        let bias = match node.optional(inputs, 2, "shift")? {
            Some(shift) => entry(shift, "shift")?,
            None => Entry::owned("FLOAT".to_owned(), vec![channels], vec![0.0; channels]),
        };
        let norm = LayerNorm { channels, eps: f64::from(node.float("epsilon").unwrap_or(1e-5)) };
        let id = self.draft.push(&node.name, Op::LayerNorm(norm), &[x.id], channels);
        self.draft.nodes[id].params = vec![("weight", weight), ("bias", bias)];
        Ok(Map { id, ..x })
    }

    /// With so much of −∞ around the map already, if it is a maximum's.
    pub(super) fn pool(&mut self, node: &OnnxNode, x: Map, around: Sides) -> Result<Map, OnnxProblem> {
        in_order(node, &x, &NCHW)?;
        if counts(node, "dilations")? != [1, 1] {
            return Err(node.unsupported("with dilations"));
        }
        let kernel = match node.ints("kernel_shape") {
            Some([_, _]) => counts(node, "kernel_shape")?,
            _ => return Err(node.unsupported("without a window of two sides")),
        };
        let mut padding = self.padding(node)?;
        let is_ceil = node.int("ceil_mode").unwrap_or(0) != 0;
        if !around.is_none() {
            let Padding::Explicit(own) = padding else {
                return Err(node.unsupported("with a border of two kinds"));
            };
            if is_ceil {
                return Err(node.unsupported("in ceil mode with a border before it"));
            }
            padding = Padding::Explicit(Sides {
                top: own.top + around.top,
                bottom: own.bottom + around.bottom,
                left: own.left + around.left,
                right: own.right + around.right,
            });
        }
        if let (true, Padding::Explicit(sides)) = (is_ceil, padding) {
            padding = Padding::Ceil(sides);
        }
        let pool = Pool2d { kernel, stride: counts(node, "strides")?, padding };
        let op = if node.op == "MaxPool" {
            Op::MaxPool(pool)
        } else if node.int("count_include_pad").unwrap_or(0) != 0 {
            // What such a mean divides by where the last window hangs out differs between runtimes.
            if matches!(padding, Padding::Ceil(sides) if !sides.is_none()) {
                return Err(node.unsupported("in ceil mode with a border that counts"));
            }
            if let Padding::Ceil(sides) = padding {
                let pool = Pool2d { kernel, stride: counts(node, "strides")?, padding: Padding::Ceil(sides) };
                let op = Op::AvgPool(pool, BorderMean::IgnoreBorder);
                let id = self.draft.push(&node.name, op, &[x.id], self.channels(&x));
                return Ok(Map { id, ..x });
            }
            Op::AvgPool(pool, BorderMean::CountBorder)
        } else {
            Op::AvgPool(pool, BorderMean::IgnoreBorder)
        };
        let id = self.draft.push(&node.name, op, &[x.id], self.channels(&x));
        Ok(Map { id, ..x })
    }

    /// The border of a window.
    fn padding(&mut self, node: &OnnxNode) -> Result<Padding, OnnxProblem> {
        let sides = match node.ints("pads") {
            None => Sides::default(),
            Some(&[top, left, bottom, right]) => {
                let side = |n: i64| {
                    usize::try_from(n).map_err(|_| node.unsupported(format!("with a border of {n} cells")))
                };
                Sides { top: side(top)?, bottom: side(bottom)?, left: side(left)?, right: side(right)? }
            }
            Some(pads) => return Err(node.malformed(format!("it has {} borders, expected 4", pads.len()))),
        };
        match node.text("auto_pad").unwrap_or("NOTSET") {
            "NOTSET" | "" => {
                self.count_border(node, sides.top.saturating_add(sides.bottom))?;
                self.count_border(node, sides.left.saturating_add(sides.right))?;
                Ok(Padding::Explicit(sides))
            }
            "VALID" => Ok(Padding::Valid),
            "SAME_UPPER" => Ok(Padding::Same),
            "SAME_LOWER" => Ok(Padding::SameLower),
            other => Err(node.unsupported(format!("with `auto_pad` {other}"))),
        }
    }

    /// A mean or a maximum over rows and columns; any other is a head's, or isn't supported.
    fn reduce(&mut self, node: &OnnxNode, inputs: Inputs<'_>, x: Map) -> Result<Value, OnnxProblem> {
        let given = match node.ints("axes") {
            Some(axes) => Some(axes.to_vec()),
            None => node.optional(inputs, 1, "axes")?.and_then(|c| c.ints().map(<[i64]>::to_vec)),
        };
        let rank = x.axes.len();
        let places: Option<Vec<usize>> =
            given.unwrap_or_default().into_iter().map(|axis| place(axis, rank)).collect();
        let Some(places) = places else {
            return Err(node.malformed("one of its axes isn't there"));
        };
        let over: Vec<Axis> = places.iter().map(|at| x.axes[*at]).collect();
        let is_global = over.len() == 2 && over.contains(&Axis::Row) && over.contains(&Axis::Column);
        if !is_global {
            return if self.draft.nodes[x.id].is_pooled {
                Ok(self.leave(node, inputs))
            } else {
                Err(node.unsupported("over anything but rows and columns"))
            };
        }
        let id = self.draft.push(&node.name, over_map(node), &[x.id], self.channels(&x));
        let mut axes = x.axes;
        if node.int("keepdims").unwrap_or(1) == 0 {
            axes.retain(|axis| !over.contains(axis));
        }
        Ok(Value::Map(Map { id, axes }))
    }

    /// Over channels, which must be the second axis.
    fn lrn(&mut self, node: &OnnxNode, x: Map) -> Result<Map, OnnxProblem> {
        if x.axes.get(1) != Some(&Axis::Channel) {
            return Err(node.unsupported("over anything but channels"));
        }
        let size = count(node, "size", &[1])?[0];
        if node.int("size").is_none() {
            return Err(node.malformed("it has no `size`"));
        }
        // Which side the odd one is on differs between runtimes.
        if size.is_multiple_of(2) {
            return Err(node.unsupported(format!("over {size} channels, which have no middle")));
        }
        let lrn = Lrn {
            size,
            alpha: factor(node, "alpha", 1e-4)?,
            beta: factor(node, "beta", 0.75)?,
            bias: factor(node, "bias", 1.0)?,
        };
        let id = self.draft.push(&node.name, Op::Lrn(lrn), &[x.id], self.channels(&x));
        Ok(Map { id, ..x })
    }

    /// Negative values times a constant of their channel.
    fn prelu(&mut self, node: &OnnxNode, inputs: Inputs<'_>, x: &Map) -> Result<Map, OnnxProblem> {
        let slopes = self.per_channel(node, x, node.constant(inputs, 1, "slope")?)?;
        let channels = self.channels(x);
        let id = self.draft.push(&node.name, Op::PRelu(channels), &[x.id], channels);
        let slopes = slopes.into_iter().map(|v| v as f32).collect();
        self.draft.nodes[id].params =
            vec![("weight", Entry::owned("FLOAT".to_owned(), vec![channels], slopes))];
        Ok(Map { id, axes: x.axes.clone() })
    }

    fn pad(&mut self, node: &OnnxNode, inputs: Inputs<'_>, x: Map) -> Result<Value, OnnxProblem> {
        let mode = node.text("mode").unwrap_or("constant");
        if mode != "constant" {
            return Err(node.unsupported(format!("with mode {mode}")));
        }
        let value = match node.float("value") {
            Some(value) => f64::from(value),
            None => match node.optional(inputs, 2, "value")? {
                Some(c) => c.scalar().ok_or_else(|| node.malformed("its value isn't one number"))?,
                None => 0.0,
            },
        };
        // What comes before a maximum is that maximum's border.
        let is_lowest = value == f64::NEG_INFINITY || value <= f64::from(f32::MIN);
        if value != 0.0 && !is_lowest {
            return Err(node.unsupported(format!("with {value}")));
        }
        let pads = if let Some(pads) = node.ints("pads") {
            pads.to_vec()
        } else {
            let border = node.constant(inputs, 1, "border")?;
            let wrong =
                || node.malformed(format!("its borders are {}, no whole numbers", border.type_name()));
            border.ints().map(<[i64]>::to_vec).ok_or_else(wrong)?
        };
        let rank = x.axes.len();
        let axes = match node.optional(inputs, 3, "axes")?.and_then(|c| c.ints()) {
            Some(axes) => axes.iter().map(|axis| place(*axis, rank)).collect(),
            None => Some((0..rank).collect::<Vec<usize>>()),
        };
        let Some(axes) = axes.filter(|axes| pads.len() == 2 * axes.len()) else {
            return Err(node.malformed(format!("it has {} borders", pads.len())));
        };
        let mut sides = Sides::default();
        for (at, axis) in axes.iter().enumerate() {
            let (before, after) = (pads[at], pads[at + axes.len()]);
            if (before, after) == (0, 0) {
                continue;
            }
            let (Ok(before), Ok(after)) = (usize::try_from(before), usize::try_from(after)) else {
                return Err(node.unsupported("with a negative border"));
            };
            self.count_border(node, before.saturating_add(after))?;
            match x.axes[*axis] {
                Axis::Row => (sides.top, sides.bottom) = (before, after),
                Axis::Column => (sides.left, sides.right) = (before, after),
                _ => return Err(node.unsupported("around anything but rows and columns")),
            }
        }
        if sides.is_none() {
            return Ok(Value::Map(x));
        }
        if is_lowest {
            return Ok(Value::Partial(Partial { of: x, stage: Stage::LowestAround(sides) }));
        }
        if self.draft.nodes[x.id].is_pooled {
            return Err(node.unsupported("around a mean"));
        }
        let id = self.draft.push(&node.name, Op::ZeroPad(sides), &[x.id], self.channels(&x));
        Ok(Value::Map(Map { id, ..x }))
    }

    /// A linear layer over channels is a convolution of one cell, at a mean or at each position.
    fn linear(&mut self, node: &OnnxNode, inputs: Inputs<'_>, x: Map) -> Result<Value, OnnxProblem> {
        let is_gemm = node.op == "Gemm";
        if x.axes.last() != Some(&Axis::Channel) || node.int("transA").unwrap_or(0) != 0 {
            return Err(node.unsupported("over anything but channels"));
        }
        let weight = node.constant(inputs, 1, "weight")?;
        let &[a, b] = &weight.dims[..] else {
            return Err(node.unsupported(format!("with weights of {} axes", weight.dims.len())));
        };
        let is_turned = is_gemm && node.int("transB").unwrap_or(0) != 0;
        let (c_in, c_out) = if is_turned { (b, a) } else { (a, b) };
        let got = self.channels(&x);
        if c_in != got || c_out == 0 {
            return Err(
                node.malformed(format!("its weights are {:?}, and {got} channels come in", weight.dims))
            );
        }
        if node.float("alpha").unwrap_or(1.0) != 1.0 || node.float("beta").unwrap_or(1.0) != 1.0 {
            return Err(node.unsupported("with a factor"));
        }
        let shape = vec![c_out, c_in, 1, 1];
        let no_fractions = || node.unsupported(format!("with weights of {}", weight.type_name()));
        let kernel = if is_turned {
            weight.entry(shape).ok_or_else(no_fractions)?
        } else {
            let values = weight.floats().ok_or_else(no_fractions)?;
            let turned = (0..c_out).flat_map(|o| (0..c_in).map(move |i| i * c_out + o));
            Entry::owned("FLOAT".to_owned(), shape, turned.map(|at| values[at]).collect())
        };
        let bias = if is_gemm { node.optional(inputs, 2, "bias")? } else { None };
        let bias = match bias {
            None => None,
            Some(bias) if bias.len() == c_out => {
                Some(bias.entry(vec![c_out]).ok_or_else(|| node.malformed("its bias is no fractions"))?)
            }
            Some(_) => return Err(node.unsupported("with a bias that isn't one value per output")),
        };
        let conv = Conv2d { has_bias: bias.is_some(), ..Conv2d::new(c_in, c_out, 1) };
        let id = self.draft.push(&node.name, Op::Conv2d(conv), &[x.id], c_out);
        let params = &mut self.draft.nodes[id].params;
        params.push(("weight", kernel));
        params.extend(bias.map(|bias| ("bias", bias)));
        Ok(Value::Map(Map { id, ..x }))
    }
}

/// The mean or the maximum of whole maps.
fn over_map(node: &OnnxNode) -> Op {
    if node.op.ends_with("MaxPool") || node.op == "ReduceMax" { Op::GlobalMaxPool } else { Op::GlobalAvgPool }
}

/// Operations with windows want their axes in ONNX' order.
fn in_order(node: &OnnxNode, x: &Map, axes: &[Axis]) -> Result<(), OnnxProblem> {
    if x.axes == axes {
        return Ok(());
    }
    Err(node.unsupported("on maps whose axes are in another order"))
}

/// A fraction.
fn factor(node: &OnnxNode, name: &str, default: f32) -> Result<f32, OnnxProblem> {
    let value = node.float(name).unwrap_or(default);
    if value.is_finite() { Ok(value) } else { Err(node.malformed(format!("its `{name}` is {value}"))) }
}

/// Numbers of at least 1.
fn count(node: &OnnxNode, name: &str, default: &[usize]) -> Result<Vec<usize>, OnnxProblem> {
    let Some(values) = node.ints(name) else { return Ok(default.to_vec()) };
    let read = |value: &i64| match value {
        1.. => usize::try_from(*value).ok(),
        _ => None,
    };
    let wrong = || node.malformed(format!("its `{name}` is {values:?}"));
    if values.len() != default.len() {
        return Err(wrong());
    }
    values.iter().map(read).collect::<Option<_>>().ok_or_else(wrong)
}

/// A number for rows and one for columns.
fn counts(node: &OnnxNode, name: &str) -> Result<[usize; 2], OnnxProblem> {
    let values = count(node, name, &[1, 1])?;
    if let Some(value) = values.iter().find(|value| **value > MAX_WINDOW as usize) {
        return Err(node.malformed(format!("its `{name}` has {value}")));
    }
    Ok([values[0], values[1]])
}
