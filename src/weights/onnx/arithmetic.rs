//! Sums and products: of maps, with constants, and the functions that are written as them.

use super::constant::Constant;
use super::convert::{Axis, Converter, Map, Value};
use super::error::OnnxProblem;
use super::model::OnnxNode;
use crate::graph::{ActivationFn, Op};

impl Converter {
    /// `Add`, `Sub`, `Mul` and `Div`, of which at least one side is a map.
    pub(super) fn arithmetic(
        &mut self,
        node: &OnnxNode,
        inputs: &[Option<Value>],
    ) -> Result<Value, OnnxProblem> {
        match inputs {
            [Some(Value::Map(a)), Some(Value::Map(b))] => {
                let six =
                    [(a, b), (b, a)].into_iter().find_map(|(x, other)| self.six_hard_swishes(x, other.id));
                match six.filter(|_| node.op == "Mul") {
                    Some(partial) => Ok(Value::Partial(partial)),
                    None => self.of_maps(node, a, b).map(Value::Map),
                }
            }
            [Some(Value::Map(x)), Some(Value::Constant(c))] => {
                let values = self.per_channel(node, x, c)?;
                let len = values.len();
                let (scale, shift) = match node.op.as_str() {
                    "Add" => (vec![1.0; len], values),
                    "Sub" => (vec![1.0; len], values.into_iter().map(|v| -v).collect()),
                    "Mul" => (values, vec![0.0; len]),
                    _ => (values.into_iter().map(|v| 1.0 / v).collect(), vec![0.0; len]),
                };
                let id = self.scaled(node, x, &scale, &shift, c);
                Ok(Value::Map(Map { id, ..x.clone() }))
            }
            [Some(Value::Constant(c)), Some(Value::Map(x))] => {
                let values = self.per_channel(node, x, c)?;
                let len = values.len();
                let (scale, shift) = match node.op.as_str() {
                    "Add" => (vec![1.0; len], values),
                    "Sub" => (vec![-1.0; len], values),
                    "Mul" => (values, vec![0.0; len]),
                    _ => return Err(node.unsupported("by a map")),
                };
                let id = self.scaled(node, x, &scale, &shift, c);
                Ok(Value::Map(Map { id, ..x.clone() }))
            }
            [Some(Value::Map(_)), Some(Value::Extent(_) | Value::Free)]
            | [Some(Value::Extent(_) | Value::Free), Some(Value::Map(_))] => Err(node.free("number")),
            _ => Err(node.malformed("it hasn't two inputs")),
        }
    }

    /// One pair of numbers for all channels where the constant is one.
    fn scaled(&mut self, node: &OnnxNode, x: &Map, scale: &[f64], shift: &[f64], c: &Constant) -> usize {
        match (c.scalar(), scale, shift) {
            (Some(_), [scale, ..], [shift, ..]) => self.draft.affine_of_all(&node.name, x.id, *scale, *shift),
            _ => self.draft.affine(&node.name, x.id, scale, shift),
        }
    }

    fn of_maps(&mut self, node: &OnnxNode, a: &Map, b: &Map) -> Result<Map, OnnxProblem> {
        let (num_a, num_b) = (self.channels(a), self.channels(b));
        let is_pooled = |x: &Map| self.draft.nodes[x.id].is_pooled;
        let (pooled_a, pooled_b) = (is_pooled(a), is_pooled(b));
        // Axes of a mean were maybe dropped; for maps they must agree.
        if !(pooled_a || pooled_b) && a.axes != b.axes {
            return Err(node.unsupported("of maps whose axes differ"));
        }
        match node.op.as_str() {
            "Add" if pooled_a != pooled_b => Err(node.unsupported("of a map and a mean")),
            "Add" if num_a != num_b => {
                Err(node.unsupported(format!("of maps of {num_a} and {num_b} channels")))
            }
            "Add" => {
                let id = self.draft.push(&node.name, Op::Add, &[a.id, b.id], num_a);
                Ok(Map { id, ..a.clone() })
            }
            "Mul" => {
                for (x, other) in [(a, b), (b, a)] {
                    if let Some(function) = self.self_gated(x.id, other.id) {
                        let id = self.draft.activation(&node.name, function, x.id);
                        return Ok(Map { id, ..x.clone() });
                    }
                }
                let (x, gate) = if pooled_b { (a, b) } else { (b, a) };
                if !(pooled_a || pooled_b) {
                    return Err(node.unsupported("of two maps"));
                }
                if num_a != num_b {
                    return Err(node.unsupported(format!("of maps of {num_a} and {num_b} channels")));
                }
                let id = self.draft.push(&node.name, Op::Gate, &[x.id, gate.id], num_a);
                Ok(Map { id, ..x.clone() })
            }
            _ => Err(node.unsupported("of two maps")),
        }
    }

    /// The function that `x` times a function of `x` is.
    fn self_gated(&self, x: usize, other: usize) -> Option<ActivationFn> {
        let draft = &self.draft;
        if draft.activation_input(other, ActivationFn::Sigmoid) == Some(x) {
            return Some(ActivationFn::Silu);
        }
        if draft.activation_input(other, ActivationFn::HardSigmoid) == Some(x) {
            return Some(ActivationFn::HardSwish);
        }
        let soft = draft.activation_input(other, ActivationFn::Tanh);
        if soft.and_then(|id| draft.activation_input(id, ActivationFn::Softplus)) == Some(x) {
            return Some(ActivationFn::Mish);
        }
        // relu6(x + 3) / 6, written out.
        let six_times = draft.affine_input(other, 1.0 / 6.0, 0.0)?;
        let moved = draft.activation_input(six_times, ActivationFn::Relu6)?;
        (draft.affine_input(moved, 1.0, 3.0) == Some(x)).then_some(ActivationFn::HardSwish)
    }

    /// A constant that is one value per channel, or one for all.
    pub(super) fn per_channel(
        &self,
        node: &OnnxNode,
        x: &Map,
        c: &Constant,
    ) -> Result<Vec<f64>, OnnxProblem> {
        let channels = self.channels(x);
        if let Some(value) = c.scalar() {
            return Ok(vec![value; channels]);
        }
        let first = c.dims.iter().position(|side| *side != 1).unwrap_or(0);
        let dims = &c.dims[first..];
        let fits = dims.len() <= x.axes.len()
            && dims
                .iter()
                .zip(&x.axes[x.axes.len() - dims.len()..])
                .all(|(side, axis)| *side == 1 || (*axis == Axis::Channel && *side == channels));
        match c.floats().filter(|_| fits) {
            Some(values) => Ok(values.into_iter().map(f64::from).collect()),
            None => Err(node.unsupported(format!(
                "with a constant of {} {:?}, which isn't one value per channel",
                c.type_name(),
                c.dims
            ))),
        }
    }

    /// `max(0, min(1, alpha · x + beta))`.
    pub(super) fn hard_sigmoid(&mut self, node: &OnnxNode, x: Map) -> Map {
        let alpha = f64::from(node.float("alpha").unwrap_or(0.2));
        let beta = f64::from(node.float("beta").unwrap_or(0.5));
        let near = |a: f64, b: f64| (a - b).abs() < 1e-5;
        let mut from = x.id;
        if !(near(alpha, 1.0 / 6.0) && near(beta, 0.5)) {
            // relu6(y + 3) / 6 of y = 6 (alpha x + beta) − 3.
            from = self.draft.affine_of_all(
                &format!("{}.scaled", node.name),
                from,
                6.0 * alpha,
                6.0 * beta - 3.0,
            );
        }
        Map { id: self.draft.activation(&node.name, ActivationFn::HardSigmoid, from), ..x }
    }

    /// Bounds, written with the functions there are; those of `ReLU` and `ReLU6` are these themselves.
    pub(super) fn clip(
        &mut self,
        node: &OnnxNode,
        inputs: &[Option<Value>],
        x: Map,
    ) -> Result<Map, OnnxProblem> {
        let mut bounds = [f64::NEG_INFINITY, f64::INFINITY];
        for (at, (bound, name)) in bounds.iter_mut().zip(["min", "max"]).enumerate() {
            let given = match node.float(name) {
                Some(value) => Some(f64::from(value)),
                None => match node.optional(inputs, at + 1, name)? {
                    Some(constant) => Some(
                        constant
                            .scalar()
                            .ok_or_else(|| node.malformed(format!("its {name} isn't one value")))?,
                    ),
                    None => None,
                },
            };
            // Older files say "no bound" with the largest number there is.
            if let Some(value) = given.filter(|value| value.abs() < 3e38) {
                *bound = value;
            }
        }
        let [low, high] = bounds;
        if low.is_nan() || high.is_nan() || low >= high {
            return Err(node.malformed(format!("it clips to {low} and {high}")));
        }
        let (name, draft) = (node.name.as_str(), &mut self.draft);
        let inner = |what: &str| format!("{name}.{what}");
        let id = match (low.is_finite(), high.is_finite()) {
            (false, false) => return Ok(x),
            (true, true) if (low, high) == (0.0, 6.0) => draft.activation(name, ActivationFn::Relu6, x.id),
            (true, false) if low == 0.0 => draft.activation(name, ActivationFn::Relu, x.id),
            (true, true) => {
                let unit = (high - low) / 6.0;
                let scaled = draft.affine_of_all(&inner("scaled"), x.id, 1.0 / unit, -low / unit);
                let cut = draft.activation(&inner("cut"), ActivationFn::Relu6, scaled);
                draft.affine_of_all(name, cut, unit, low)
            }
            (true, false) => {
                let moved = draft.affine_of_all(&inner("moved"), x.id, 1.0, -low);
                let cut = draft.activation(&inner("cut"), ActivationFn::Relu, moved);
                draft.affine_of_all(name, cut, 1.0, low)
            }
            (false, true) => {
                let moved = draft.affine_of_all(&inner("moved"), x.id, -1.0, high);
                let cut = draft.activation(&inner("cut"), ActivationFn::Relu, moved);
                draft.affine_of_all(name, cut, -1.0, high)
            }
        };
        Ok(Map { id, ..x })
    }
}
