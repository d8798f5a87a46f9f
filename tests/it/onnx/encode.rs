//! ONNX files written by hand: just enough protobuf for small networks, valid and invalid.

/// A length-delimited protobuf field.
pub(crate) fn field(number: u64, content: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

/// A protobuf field with a whole number (varint).
pub(crate) fn number(field: u64, value: i64) -> Vec<u8> {
    [varint(field << 3), varint(value as u64)].concat()
}

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A node whose attributes are lists of whole numbers.
pub(crate) fn node(op: &str, inputs: &[&str], output: &str, ints: &[(&str, &[i64])]) -> Vec<u8> {
    node_with_words(op, inputs, &[output], ints, &[])
}

/// A node whose attributes are lists of whole numbers or texts, with any number of results.
pub(crate) fn node_with_words(
    op: &str,
    inputs: &[&str],
    outputs: &[&str],
    ints: &[(&str, &[i64])],
    words: &[(&str, &str)],
) -> Vec<u8> {
    let mut node: Vec<u8> = inputs.iter().flat_map(|input| field(1, input.as_bytes())).collect();
    node.extend(outputs.iter().flat_map(|output| field(2, output.as_bytes())));
    node.extend(field(3, format!("the {op}").as_bytes()));
    node.extend(field(4, op.as_bytes()));
    for (name, values) in ints {
        let mut attribute = field(1, name.as_bytes());
        attribute.extend(values.iter().flat_map(|value| number(8, *value)));
        attribute.extend(number(20, 7));
        node.extend(field(5, &attribute));
    }
    for (name, word) in words {
        let attribute = [field(1, name.as_bytes()), field(4, word.as_bytes()), number(20, 3)].concat();
        node.extend(field(5, &attribute));
    }
    field(1, &node)
}

/// A constant: a list of 64-bit whole numbers.
pub(crate) fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    let mut tensor = [number(1, values.len() as i64), number(2, 7), field(8, name.as_bytes())].concat();
    tensor.extend(field(9, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()));
    field(5, &tensor)
}

/// A constant of 32-bit floats whose values are in a file next to the model.
pub(crate) fn beside(name: &str, dims: &[i64], place: &[(&str, &str)]) -> Vec<u8> {
    let mut tensor: Vec<u8> = dims.iter().flat_map(|side| number(1, *side)).collect();
    tensor.extend([number(2, 1), field(8, name.as_bytes()), number(14, 1)].concat());
    for (key, value) in place {
        tensor.extend(field(13, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat()));
    }
    field(5, &tensor)
}

/// A constant of 32-bit floats. The shape needn't match the number of values.
pub(crate) fn floats(name: &str, dims: &[i64], values: &[f32]) -> Vec<u8> {
    let mut tensor: Vec<u8> = dims.iter().flat_map(|side| number(1, *side)).collect();
    tensor.extend(number(2, 1));
    tensor.extend(field(8, name.as_bytes()));
    tensor.extend(field(9, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()));
    field(5, &tensor)
}

/// The graph's input or an output; a side of 0 is left free.
pub(crate) fn value(number_of_field: u64, name: &str, dims: &[i64]) -> Vec<u8> {
    let dim = |side: &i64| field(1, &if *side > 0 { number(1, *side) } else { field(2, b"free") });
    let shape: Vec<u8> = dims.iter().flat_map(dim).collect();
    let tensor = [number(1, 1), field(2, &shape)].concat();
    field(number_of_field, &[field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat())
}

/// A whole file with these parts of a graph, in the usual versions of the format and the operators.
pub(crate) fn model(parts: &[Vec<u8>]) -> Vec<u8> {
    model_of(8, &[("", 17)], parts)
}

/// A whole file in these versions of the format (`ir`) and the operators (`opsets`).
pub(crate) fn model_of(ir: i64, opsets: &[(&str, i64)], parts: &[Vec<u8>]) -> Vec<u8> {
    let opsets = opsets.iter().map(|(domain, version)| {
        let domain = if domain.is_empty() { Vec::new() } else { field(1, domain.as_bytes()) };
        field(8, &[domain, number(2, *version)].concat())
    });
    [number(1, ir), field(7, &parts.concat()), opsets.flatten().collect()].concat()
}

/// An entry of a file's metadata.
pub(crate) fn property(key: &str, value: &str) -> Vec<u8> {
    field(14, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat())
}

/// A node with a name.
pub(crate) fn named(
    name: &str,
    op: &str,
    inputs: &[&str],
    outputs: &[&str],
    ints: &[(&str, &[i64])],
) -> Vec<u8> {
    let mut node: Vec<u8> = inputs.iter().flat_map(|input| field(1, input.as_bytes())).collect();
    node.extend(outputs.iter().flat_map(|output| field(2, output.as_bytes())));
    node.extend([field(3, name.as_bytes()), field(4, op.as_bytes())].concat());
    for (name, values) in ints {
        let mut attribute = field(1, name.as_bytes());
        attribute.extend(values.iter().flat_map(|value| number(8, *value)));
        attribute.extend(number(20, 7));
        node.extend(field(5, &attribute));
    }
    field(1, &node)
}

/// A file of these nodes and constants, with an input `x` and an output `y`.
pub(crate) fn network(parts: &[Vec<u8>]) -> Vec<u8> {
    let ends = [value(11, "x", &[1, 3, 8, 8]), value(12, "y", &[1, 4, 8, 8])];
    model(&[parts.to_vec(), ends.to_vec()].concat())
}

/// The fields of a message: each field's number, its content if it is length-delimited or of fixed size, and all of its bytes.
pub(super) fn fields(mut bytes: &[u8]) -> Vec<(u64, &[u8], &[u8])> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let whole = bytes;
        let key = take_varint(&mut bytes);
        let content = match key & 7 {
            0 => {
                take_varint(&mut bytes);
                &[]
            }
            1 => take(&mut bytes, 8),
            2 => {
                let len = take_varint(&mut bytes) as usize;
                take(&mut bytes, len)
            }
            _ => take(&mut bytes, 4),
        };
        all.push((key >> 3, content, &whole[..whole.len() - bytes.len()]));
    }
    all
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(len);
    *bytes = rest;
    taken
}

fn take_varint(bytes: &mut &[u8]) -> u64 {
    let len = bytes.iter().position(|byte| *byte < 0x80).unwrap() + 1;
    let bits = |(at, byte): (usize, &u8)| u64::from(byte & 0x7f) << (7 * at);
    take(bytes, len).iter().enumerate().map(bits).sum()
}
