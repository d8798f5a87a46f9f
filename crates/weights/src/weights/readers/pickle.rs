//! Reading Python's pickle format as data: what a pickle would build, without executing or calling anything.
//!
//! A pickle is a program for a small stack machine. Its objects become values in one list and refer to each other by index. So memory
//! grows only with the file's length: shared and deeply nested objects cost nothing extra. A class or function is only a name here, and a
//! call is that name with its arguments.
//!
//! Source: `CPython`'s `Lib/pickletools.py`, protocols 0 to 5. The reader of the crate candle is not suitable for untrusted files: it
//! copies an object at each reference (a few kilobytes can unfold to any size), and it supports only the ZIP format.

use std::collections::HashMap;

/// The index of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(usize);

/// A value in a pickle.
#[derive(Debug)]
pub(super) enum PickleValue<'a> {
    /// Values that aren't needed here: floats, sets, bytes, integers of more than 64 bits.
    Other,
    None,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// Module and name of a class or function.
    Global(&'a str, &'a str),
    /// The result of calling `function` with `args`, and the `items` that were added to it afterwards.
    Call {
        function: Id,
        args: Id,
        items: Vec<(Id, Id)>,
    },
    /// A persistent object, which the file's reader must supply (in PyTorch a storage); the value is its id.
    Persistent(Id),
}

/// All values of one pickle.
pub(super) struct Pickle<'a> {
    values: Vec<PickleValue<'a>>,
    /// The object that was pickled.
    pub(super) root: Id,
    /// The position in the bytes after the pickle.
    pub(super) end: usize,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle that begins at `start`; the error is in words.
    pub(super) fn read(bytes: &'a [u8], start: usize) -> Result<Self, String> {
        let mut machine =
            Machine { bytes, at: start, values: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
        let root = machine.run()?;
        Ok(Self { end: machine.at, values: machine.values, root })
    }

    pub(super) fn get(&self, id: Id) -> &PickleValue<'a> {
        &self.values[id.0]
    }

    pub(super) fn text(&self, id: Id) -> Option<&'a str> {
        if let PickleValue::Text(text) = self.get(id) { Some(text) } else { None }
    }

    pub(super) fn int(&self, id: Id) -> Option<i64> {
        if let PickleValue::Int(number) = self.get(id) { Some(*number) } else { None }
    }

    pub(super) fn tuple(&self, id: Id) -> Option<&[Id]> {
        if let PickleValue::Tuple(items) = self.get(id) { Some(items) } else { None }
    }

    /// The ids of all persistent objects, as often as they are written. References to an object that was written before don't count.
    pub(super) fn persistent(&self) -> impl Iterator<Item = Id> {
        self.values
            .iter()
            .filter_map(|value| if let PickleValue::Persistent(id) = value { Some(*id) } else { None })
    }

    /// Keys and values of a dictionary, ordered or not.
    pub(super) fn items(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.get(id) {
            PickleValue::Dict(items) => Some(items),
            PickleValue::Call { function, items, .. }
                if matches!(self.get(*function), PickleValue::Global("collections", "OrderedDict")) =>
            {
                Some(items)
            }
            _ => None,
        }
    }
}

/// One entry on the stack.
#[derive(Clone, Copy)]
enum Slot {
    Value(Id),
    Mark,
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<PickleValue<'a>>,
    stack: Vec<Slot>,
    memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Id, String> {
        loop {
            let start = self.at;
            let [op] = self.take_array::<1>()?;
            if op == b'.' {
                return self.pop();
            }
            self.step(op, start)?;
        }
    }

    #[expect(clippy::too_many_lines, reason = "one line for each instruction of the machine")]
    fn step(&mut self, op: u8, start: usize) -> Result<(), String> {
        match op {
            // Protocol and frame don't affect what is built.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.stack.push(Slot::Mark),
            b'0' => drop(self.stack.pop()),
            // Drop everything down to the mark; or add it to a set, whose items are not kept.
            b'1' | 0x90 => drop(self.take_to_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(Slot::Value(top));
            }
            b'N' => self.push(PickleValue::None),
            0x88 => self.push(PickleValue::Bool(true)),
            0x89 => self.push(PickleValue::Bool(false)),
            b'K' => {
                let [n] = self.take_array()?;
                self.push(PickleValue::Int(n.into()));
            }
            b'M' => {
                let n = u16::from_le_bytes(self.take_array()?);
                self.push(PickleValue::Int(n.into()));
            }
            b'J' => {
                let n = i32::from_le_bytes(self.take_array()?);
                self.push(PickleValue::Int(n.into()));
            }
            0x8a => {
                let [length] = self.take_array()?;
                self.long(length.into())?;
            }
            0x8b => {
                let length = u32::from_le_bytes(self.take_array()?);
                self.long(length as usize)?;
            }
            b'I' => {
                let value = match self.line()? {
                    "00" => PickleValue::Bool(false),
                    "01" => PickleValue::Bool(true),
                    digits => digits.parse().map_or(PickleValue::Other, PickleValue::Int),
                };
                self.push(value);
            }
            b'L' => {
                let value =
                    self.line()?.trim_end_matches('L').parse().map_or(PickleValue::Other, PickleValue::Int);
                self.push(value);
            }
            b'F' => {
                self.line()?;
                self.push(PickleValue::Other);
            }
            b'G' => {
                self.take(8)?;
                self.push(PickleValue::Other);
            }
            b'X' => {
                let length = u32::from_le_bytes(self.take_array()?);
                self.text(length as usize)?;
            }
            0x8c => {
                let [length] = self.take_array()?;
                self.text(length.into())?;
            }
            0x8d => {
                let length = self.long_length()?;
                self.text(length)?;
            }
            // Byte strings of Python 2, which wrote names this way.
            b'U' => {
                let [length] = self.take_array()?;
                self.text_or_other(length.into())?;
            }
            b'T' => {
                let length = u32::from_le_bytes(self.take_array()?);
                self.text_or_other(length as usize)?;
            }
            b'S' | b'V' => {
                let text = self.line()?.trim_matches(['\'', '"']);
                self.push(PickleValue::Text(text));
            }
            b'C' => {
                let [length] = self.take_array()?;
                self.take(length.into())?;
                self.push(PickleValue::Other);
            }
            b'B' => {
                let length = u32::from_le_bytes(self.take_array()?);
                self.take(length as usize)?;
                self.push(PickleValue::Other);
            }
            0x8e | 0x96 => {
                let length = self.long_length()?;
                self.take(length)?;
                self.push(PickleValue::Other);
            }
            b')' => self.push(PickleValue::Tuple(Vec::new())),
            b't' => {
                let items = self.take_to_mark()?;
                self.push(PickleValue::Tuple(items));
            }
            0x85..=0x87 => {
                let mut items = Vec::new();
                for _ in 0x84..op {
                    items.push(self.pop()?);
                }
                items.reverse();
                self.push(PickleValue::Tuple(items));
            }
            b']' => self.push(PickleValue::List(Vec::new())),
            b'l' => {
                let items = self.take_to_mark()?;
                self.push(PickleValue::List(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' => {
                let items = self.take_to_mark()?;
                self.append(&items)?;
            }
            b'}' => self.push(PickleValue::Dict(Vec::new())),
            b'd' => {
                let items = self.take_to_mark()?;
                self.push(PickleValue::Dict(pairs(&items)));
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.put(&[(key, value)])?;
            }
            b'u' => {
                let items = self.take_to_mark()?;
                self.put(&pairs(&items))?;
            }
            0x8f => self.push(PickleValue::Other),
            0x91 => {
                self.take_to_mark()?;
                self.push(PickleValue::Other);
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(PickleValue::Global(module, name));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let global = match (&self.values[module.0], &self.values[name.0]) {
                    (PickleValue::Text(module), PickleValue::Text(name)) => PickleValue::Global(module, name),
                    _ => return Err(format!("a class without a name at byte {start}")),
                };
                self.push(global);
            }
            b'q' => {
                let [place] = self.take_array()?;
                self.remember(place.into())?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.take_array()?);
                self.remember(place.into())?;
            }
            b'p' => {
                let place = self.line()?.parse().map_err(|_| format!("a wrong number at byte {start}"))?;
                self.remember(place)?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            b'h' => {
                let [place] = self.take_array()?;
                self.recall(place.into())?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.take_array()?);
                self.recall(place.into())?;
            }
            b'g' => {
                let place = self.line()?.parse().map_err(|_| format!("a wrong number at byte {start}"))?;
                self.recall(place)?;
            }
            b'R' | 0x81 => {
                let (args, function) = (self.pop()?, self.pop()?);
                self.push(PickleValue::Call { function, args, items: Vec::new() });
            }
            0x92 => {
                let (_, args, function) = (self.pop()?, self.pop()?, self.pop()?);
                self.push(PickleValue::Call { function, args, items: Vec::new() });
            }
            // The state of an object, which isn't needed for tensors.
            b'b' => drop(self.pop()?),
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                let args = self.take_to_mark()?;
                let (function, args) =
                    (self.add(PickleValue::Global(module, name)), self.add(PickleValue::Tuple(args)));
                self.push(PickleValue::Call { function, args, items: Vec::new() });
            }
            b'o' => {
                let mut args = self.take_to_mark()?;
                if args.is_empty() {
                    return Err(format!("an object without a class at byte {start}"));
                }
                let function = args.remove(0);
                let args = self.add(PickleValue::Tuple(args));
                self.push(PickleValue::Call { function, args, items: Vec::new() });
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(PickleValue::Persistent(id));
            }
            b'P' => {
                let id = self.line()?;
                let id = self.add(PickleValue::Text(id));
                self.push(PickleValue::Persistent(id));
            }
            other => return Err(format!("unknown instruction {other:#04x} at byte {start}")),
        }
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.cut())?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn cut(&self) -> String {
        format!("its pickle is cut short at byte {}", self.bytes.len())
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| self.cut())
    }

    fn long_length(&mut self) -> Result<usize, String> {
        let length = u64::from_le_bytes(self.take_array()?);
        usize::try_from(length).map_err(|_| self.cut())
    }

    /// Takes the rest of the line and returns it without the line's end.
    fn line(&mut self) -> Result<&'a str, String> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| *b == b'\n').ok_or_else(|| self.cut())?;
        let line = self.take(length + 1)?;
        str::from_utf8(&line[..length]).map_err(|_| "a name in it is no text".to_owned())
    }

    fn text(&mut self, length: usize) -> Result<(), String> {
        let text = str::from_utf8(self.take(length)?).map_err(|_| "a name in it is no text")?;
        self.push(PickleValue::Text(text));
        Ok(())
    }

    fn text_or_other(&mut self, length: usize) -> Result<(), String> {
        let value = str::from_utf8(self.take(length)?).map_or(PickleValue::Other, PickleValue::Text);
        self.push(value);
        Ok(())
    }

    /// Pushes a little-endian integer of any length; of more than 64 bits, it becomes `Other`.
    fn long(&mut self, length: usize) -> Result<(), String> {
        let bytes = self.take(length)?;
        let value = if length > 8 {
            PickleValue::Other
        } else {
            let is_negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
            let mut all = if is_negative { [0xff; 8] } else { [0; 8] };
            all[..length].copy_from_slice(bytes);
            PickleValue::Int(i64::from_le_bytes(all))
        };
        self.push(value);
        Ok(())
    }

    fn add(&mut self, value: PickleValue<'a>) -> Id {
        self.values.push(value);
        Id(self.values.len() - 1)
    }

    fn push(&mut self, value: PickleValue<'a>) {
        let id = self.add(value);
        self.stack.push(Slot::Value(id));
    }

    fn pop(&mut self) -> Result<Id, String> {
        match self.stack.pop() {
            Some(Slot::Value(id)) => Ok(id),
            _ => Err("its pickle takes more than it has".to_owned()),
        }
    }

    fn top(&self) -> Result<Id, String> {
        match self.stack.last() {
            Some(Slot::Value(id)) => Ok(*id),
            _ => Err("its pickle takes more than it has".to_owned()),
        }
    }

    /// Takes everything above the last mark off the stack, and the mark.
    fn take_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.stack.iter().rposition(|slot| matches!(slot, Slot::Mark));
        let mark = mark.ok_or("its pickle takes more than it has")?;
        let items = self.stack.split_off(mark);
        Ok(items.into_iter().filter_map(|s| if let Slot::Value(id) = s { Some(id) } else { None }).collect())
    }

    fn append(&mut self, more: &[Id]) -> Result<(), String> {
        let list = self.top()?;
        if let PickleValue::List(items) = &mut self.values[list.0] {
            items.extend_from_slice(more);
        }
        Ok(())
    }

    fn put(&mut self, more: &[(Id, Id)]) -> Result<(), String> {
        let dict = self.top()?;
        if let PickleValue::Dict(items) | PickleValue::Call { items, .. } = &mut self.values[dict.0] {
            items.extend_from_slice(more);
        }
        Ok(())
    }

    fn remember(&mut self, place: u64) -> Result<(), String> {
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, place: u64) -> Result<(), String> {
        let id = self.memo.get(&place).ok_or("its pickle refers to what it doesn't hold")?;
        self.stack.push(Slot::Value(*id));
        Ok(())
    }
}

fn pairs(items: &[Id]) -> Vec<(Id, Id)> {
    items.as_chunks::<2>().0.iter().map(|[key, value]| (*key, *value)).collect()
}
