//! A decoded ONNX file: nodes in order, constants by name, the input and the outputs.
//!
//! Sizes that the file states are checked: the bytes of a constant must fit its shape.
//!
//! Responsible for decoding. Must not know this program's graphs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use bytes::Bytes;
use prost::Message as _;

use super::constant::{Constant, type_of};
use super::external_data::ExternalData;
use super::file_bytes::FileBytes;
use super::names::plain;
use super::node::OnnxNode;
use super::proto::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto,
};
use super::versions::{is_own, opset_of};
use crate::weights::onnx::error::OnnxProblem;

/// Largest number of nodes and of constants. The largest known networks for pictures have a few thousand.
const MAX_ITEMS: usize = 50_000;
/// Largest number of attributes of a node. The standard's operators have a dozen at most.
const MAX_ATTRIBUTES: usize = 64;

/// ONNX's numbers of attribute types.
const KIND_FLOAT: i32 = 1;
const KIND_INT: i32 = 2;
const KIND_STRING: i32 = 3;
const KIND_FLOATS: i32 = 6;
const KIND_INTS: i32 = 7;

/// The network's only input.
#[derive(Debug)]
pub(super) struct OnnxInput {
    pub(super) name: String,
    /// The shape, with `None` for each length that is free. `None` as a whole if the file doesn't give a shape.
    pub(super) sides: Option<Vec<Option<usize>>>,
    /// Whether it takes samples as bytes from 0 to 255; otherwise it takes floats.
    pub(super) is_of_bytes: bool,
    /// ONNX's number of its element type, if that is a float type of 16 bits.
    pub(super) half: Option<i32>,
}

/// The decoded content of a file.
#[derive(Debug)]
pub(super) struct OnnxModel {
    pub(super) nodes: Vec<OnnxNode>,
    pub(super) constants: HashMap<String, Rc<Constant>>,
    pub(super) input: OnnxInput,
    pub(super) outputs: Vec<String>,
    pub(super) metadata: BTreeMap<String, String>,
    /// Name and version of the program that wrote the file.
    pub(super) producer: String,
    /// The opset of ONNX's own operators; `None` if the file names none.
    pub(super) opset: Option<i64>,
}

/// Decodes a message that is a part of another.
fn decode<M: prost::Message + Default>(bytes: &Bytes) -> Result<M, OnnxProblem> {
    M::decode(bytes.clone()).map_err(|error| OnnxProblem::NotOnnx(first_words(&error.to_string())))
}

/// prost's error message without the path of schema fields at its beginning.
fn first_words(error: &str) -> String {
    // A field of the schema is written as two names with a dot between them.
    let is_of_schema = |part: &&str| part.contains('.') && !part.contains(' ');
    let words: Vec<&str> = error.split(": ").skip(1).skip_while(is_of_schema).collect();
    let words = if words.is_empty() { error.to_owned() } else { words.join(": ") };
    let words = words.as_str();
    if words == "buffer underflow" { "it ends inside a field".to_owned() } else { words.to_owned() }
}

impl OnnxModel {
    /// Decodes a whole file.
    pub(super) fn read(bytes: &Bytes, external: &ExternalData<'_>) -> Result<Self, OnnxProblem> {
        if bytes.is_empty() {
            return Err(OnnxProblem::Empty);
        }
        let model = ModelProto::decode(bytes.clone()).map_err(|error| {
            // A length in it reaches beyond the end, or the file ends inside a number.
            let words = first_words(&error.to_string());
            let looks_cut = bytes.first() == Some(&0x08) && words.contains("ends inside");
            if looks_cut { OnnxProblem::CutShort } else { OnnxProblem::NotOnnx(words) }
        })?;
        let graph: GraphProto = match &model.graph {
            Some(graph) if model.ir_version.is_some() => decode(graph)?,
            Some(_) => return Err(OnnxProblem::NotOnnx("it names no IR version".to_owned())),
            None => return Err(OnnxProblem::NotOnnx("it holds no graph".to_owned())),
        };
        let opset = opset_of(&model)?;
        let num_items = graph.node.len().max(graph.initializer.len()).max(graph.input.len());
        if num_items > MAX_ITEMS {
            return Err(OnnxProblem::TooMuch(format!(
                "it has {num_items} nodes, constants or inputs, more than the {MAX_ITEMS} that are read"
            )));
        }
        if !graph.sparse_initializer.is_empty() {
            return Err(OnnxProblem::Sparse);
        }
        let file = FileBytes { start: bytes.as_ptr() as usize, len: bytes.len(), external };
        let mut constants = HashMap::with_capacity(graph.initializer.len());
        for tensor in &graph.initializer {
            let tensor: TensorProto = decode(tensor)?;
            let name = tensor.name.clone();
            let shown = plain(&name);
            if constants.insert(name, Rc::new(Constant::of(&tensor, file)?)).is_some() {
                return Err(OnnxProblem::Twice(format!("it holds the constant `{shown}` twice")));
            }
        }
        let own_functions = own_functions(&model)?;
        let mut nodes = Vec::with_capacity(graph.node.len());
        for node in &graph.node {
            let node: NodeProto = decode(node)?;
            let is_own = is_own(&node.domain);
            if is_own && opset.is_none() {
                return Err(OnnxProblem::NoOpset("doesn't say which opset its operators are of"));
            }
            let mut read = read_node(&node, file)?;
            if is_own && own_functions.contains(&node.op_type) {
                // Runtimes differ in which definition they use, so the operator gets a name that isn't supported.
                read.op = format!("ai.onnx.{}", read.op);
            }
            nodes.push(read);
        }
        let input = read_input(&graph, &constants)?;
        let outputs = graph
            .output
            .iter()
            .map(|output| Ok(decode::<ValueInfoProto>(output)?.name))
            .collect::<Result<_, OnnxProblem>>()?;
        let mut metadata: BTreeMap<String, String> = BTreeMap::new();
        for entry in model.metadata_props {
            if let Some(other) = metadata.get(&entry.key).filter(|other| *other != &entry.value) {
                let (key, one, two) = (plain(&entry.key), plain(other), plain(&entry.value));
                return Err(OnnxProblem::Twice(format!(
                    "its metadata has `{key}` twice, as `{one}` and as `{two}`"
                )));
            }
            metadata.insert(entry.key, entry.value);
        }
        let producer = [model.producer_name.as_str(), model.producer_version.as_str()];
        Ok(Self {
            nodes,
            constants,
            input,
            outputs,
            metadata,
            producer: plain(producer.join(" ").trim()),
            opset,
        })
    }
}

/// Names of functions that the file defines itself in the domain of ONNX's own operators.
fn own_functions(model: &ModelProto) -> Result<HashSet<String>, OnnxProblem> {
    let mut names = HashSet::new();
    for function in &model.functions {
        let FunctionProto { name, domain } = decode(function)?;
        if is_own(&domain) {
            names.insert(name);
        }
    }
    Ok(names)
}

fn read_node(node: &NodeProto, file: FileBytes<'_>) -> Result<OnnxNode, OnnxProblem> {
    let name = [Some(&node.name), node.output.first()]
        .into_iter()
        .flatten()
        .find(|name| !name.is_empty())
        .map_or_else(|| node.op_type.clone(), |name| plain(name));
    let op = match node.domain.as_str() {
        "" | "ai.onnx" => node.op_type.clone(),
        domain => format!("{domain}.{}", node.op_type),
    };
    let mut read = OnnxNode {
        name,
        op: plain(&op),
        inputs: node.input.clone(),
        outputs: node.output.clone(),
        ints: HashMap::new(),
        floats: HashMap::new(),
        texts: HashMap::new(),
        tensors: HashMap::new(),
        unread: Vec::new(),
        has_graphs: false,
        captured: Vec::new(),
    };
    if node.attribute.len() > MAX_ATTRIBUTES {
        let what =
            format!("{} attributes, more than the {MAX_ATTRIBUTES} that are read", node.attribute.len());
        return Err(OnnxProblem::Malformed { node: read.name, op: read.op, what });
    }
    for attribute in &node.attribute {
        let AttributeProto { name, mut f, mut i, s, t, graph, floats, ints, graphs, kind } =
            decode(attribute)?;
        let inner: Vec<Bytes> = graph.into_iter().chain(graphs).collect();
        if !inner.is_empty() {
            read.has_graphs = true;
            captured(inner, &mut read.captured)?;
        }
        // Writers of proto3 omit a value of zero.
        match kind {
            KIND_FLOAT => f = f.or(Some(0.0)),
            KIND_INT => i = i.or(Some(0)),
            _ => {}
        }
        let is_list = matches!(kind, KIND_FLOATS | KIND_INTS);
        let is_other = s.is_none() && t.is_none() && i.is_none() && f.is_none();
        if is_other && ints.is_empty() && floats.is_empty() && !is_list && kind != KIND_STRING {
            read.unread.push(name.clone());
        }
        if let Some(t) = t {
            read.tensors.insert(name.clone(), Rc::new(Constant::of(&decode(&t)?, file)?));
        }
        if let Some(s) = s {
            read.texts.insert(name.clone(), String::from_utf8_lossy(&s).into_owned());
        }
        let ints = if ints.is_empty() { i.into_iter().collect() } else { ints };
        let floats = if floats.is_empty() { f.into_iter().collect() } else { floats };
        if !ints.is_empty() {
            read.ints.insert(name.clone(), ints);
        }
        if !floats.is_empty() {
            read.floats.insert(name, floats);
        }
    }
    Ok(read)
}

/// Adds the names of outer values that the subgraphs of a node read.
fn captured(inner: Vec<Bytes>, names: &mut Vec<String>) -> Result<(), OnnxProblem> {
    let (mut open, mut own, mut read) = (inner, HashSet::new(), Vec::new());
    let mut num_items = 0;
    while let Some(bytes) = open.pop() {
        let graph: GraphProto = decode(&bytes)?;
        num_items += 1 + graph.node.len() + graph.initializer.len();
        if num_items > MAX_ITEMS {
            return Err(OnnxProblem::TooMuch(format!(
                "the graphs inside one of its nodes have more than the {MAX_ITEMS} nodes and constants that are read"
            )));
        }
        for value in &graph.input {
            own.insert(decode::<ValueInfoProto>(value)?.name);
        }
        for tensor in &graph.initializer {
            own.insert(decode::<TensorProto>(tensor)?.name);
        }
        for output in &graph.output {
            read.push(decode::<ValueInfoProto>(output)?.name);
        }
        for node in &graph.node {
            let node: NodeProto = decode(node)?;
            own.extend(node.output);
            read.extend(node.input);
            for attribute in &node.attribute {
                let AttributeProto { graph, graphs, .. } = decode(attribute)?;
                open.extend(graph.into_iter().chain(graphs));
            }
        }
    }
    names.extend(read.into_iter().filter(|name| !name.is_empty() && !own.contains(name)));
    Ok(())
}

fn read_input(
    graph: &GraphProto,
    constants: &HashMap<String, Rc<Constant>>,
) -> Result<OnnxInput, OnnxProblem> {
    let mut inputs = Vec::new();
    for input in &graph.input {
        let input: ValueInfoProto = decode(input)?;
        // Older files list their constants among the inputs.
        if !constants.contains_key(&input.name) {
            inputs.push(input);
        }
    }
    let [input] = &inputs[..] else {
        return Err(OnnxProblem::Input(format!("it has {} inputs", inputs.len())));
    };
    let shape = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref()?.shape.as_ref());
    let sides = shape.map(|shape| {
        let side = |value: Option<i64>| value.and_then(|v| usize::try_from(v).ok()).filter(|v| *v > 0);
        shape.dim.iter().map(|dim| side(dim.dim_value)).collect()
    });
    let kind = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref()).map(|t| t.elem_type);
    let half = kind.filter(|kind| matches!(kind, 10 | 16));
    let is_of_bytes = match kind {
        // Undefined, or a float type. Floats of 16 and 64 bits are computed with 32 bits here.
        None | Some(0 | 1 | 10 | 11 | 16) => false,
        Some(2) => true,
        Some(number) => {
            let (name, kind) = (plain(&input.name), type_of(number).0);
            return Err(OnnxProblem::InputType(format!("its input `{name}` is {kind}")));
        }
    };
    Ok(OnnxInput { name: input.name.clone(), sides, is_of_bytes, half })
}
