//! Writes the packed form, which `prebake::azure_types` reads.
//!
//! All is written twice: the first time counts how often a text, a shape or a type is used, and the
//! second time those that are used most have the smallest numbers, which take the fewest bytes.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::hash::Hash;

use indexmap::IndexMap;
use prebake::azure_types::container::{HEADER_BYTES, MAGIC, digest};
use prebake::azure_types::{SMALL, STRIDE};

use super::merge::Merged;
use super::read::{Property, Published, Reference, Type};

/// Names and flags of the properties of an object.
type Shape = Vec<(String, u8)>;

/// The packed form of what was read and merged.
pub fn pack(
    read: &Published,
    merged: &Merged,
    version: &str,
    date: &str,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut packer = Packer {
        read,
        merged,
        strings: Pool::default(),
        shapes: Pool::default(),
        types: Pool::default(),
    };
    packer.resources()?;
    let mut next = 0;
    while let Some(class) = packer.types.keys.get(next).copied() {
        packer.record(class);
        next += 1;
    }
    for number in 0..packer.shapes.keys.len() {
        packer.shape(&packer.shapes.keys[number].clone());
    }
    packer.strings.close();
    packer.shapes.close();
    packer.types.close();
    let strings = packer.strings.keys.iter().map(|text| text.clone().into_bytes()).collect();
    let shapes = packer.shapes.keys.clone().iter().map(|shape| packer.shape(shape)).collect();
    let types = packer.types.keys.clone().into_iter().map(|class| packer.record(class)).collect();
    let resources = packer.resources()?;
    sealed(version, date, &[strings, shapes, types, resources])
}

/// The lists behind their header.
fn sealed(version: &str, date: &str, lists: &[Vec<Vec<u8>>; 4]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = vec![u8::try_from(version.len())?, u8::try_from(date.len())?];
    let mut at = HEADER_BYTES + version.len() + date.len();
    let lists: Vec<Vec<u8>> = lists.iter().map(|list| laid_out(list)).collect::<Result<_, _>>()?;
    for list in &lists {
        bytes.extend(u32::try_from(at)?.to_le_bytes());
        at += list.len();
    }
    bytes.extend(version.bytes().chain(date.bytes()));
    bytes.extend(lists.into_iter().flatten());
    let mut packed = MAGIC.to_vec();
    packed.extend(u32::try_from(at)?.to_le_bytes());
    packed.extend(digest(&bytes).to_le_bytes());
    packed.extend(bytes);
    Ok(packed)
}

fn laid_out(records: &[Vec<u8>]) -> Result<Vec<u8>, Box<dyn Error>> {
    let (mut index, mut body) = (Vec::new(), Vec::new());
    for (at, record) in records.iter().enumerate() {
        if at % STRIDE == 0 {
            index.extend(u32::try_from(body.len())?.to_le_bytes());
        }
        number(&mut body, record.len());
        body.extend(record);
    }
    let mut list = u32::try_from(records.len())?.to_le_bytes().to_vec();
    list.extend(index);
    list.extend(body);
    Ok(list)
}

/// Things that are named by numbers.
struct Pool<K> {
    keys: Vec<K>,
    uses: Vec<usize>,
    numbers: HashMap<K, usize>,
}

impl<K> Default for Pool<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), uses: Vec::new(), numbers: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash> Pool<K> {
    /// The number of a thing, which is final once the pool is closed.
    fn number(&mut self, key: K) -> usize {
        let number = *self.numbers.entry(key.clone()).or_insert(self.keys.len());
        if number == self.keys.len() {
            self.keys.push(key);
            self.uses.push(0);
        }
        self.uses[number] += 1;
        number
    }

    /// Gives the smallest numbers to what is used most.
    fn close(&mut self) {
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_by_key(|number| std::cmp::Reverse(self.uses[*number]));
        self.keys = order.into_iter().map(|number| self.keys[number].clone()).collect();
        let keys = self.keys.iter().enumerate();
        self.numbers = keys.map(|(number, key)| (key.clone(), number)).collect();
    }
}

struct Packer<'r> {
    read: &'r Published,
    merged: &'r Merged,
    strings: Pool<String>,
    shapes: Pool<Shape>,
    types: Pool<usize>,
}

impl Packer<'_> {
    fn text(&mut self, record: &mut Vec<u8>, text: &str) {
        number(record, self.strings.number(text.to_owned()));
    }

    fn used(&mut self, record: &mut Vec<u8>, reference: &Reference) {
        number(record, self.types.number(self.merged.class[reference.number]));
    }

    fn shape(&mut self, shape: &Shape) -> Vec<u8> {
        let mut record = Vec::new();
        number(&mut record, shape.len());
        for (name, flags) in shape {
            self.text(&mut record, name);
            record.push(*flags);
        }
        record
    }

    fn properties(&mut self, record: &mut Vec<u8>, properties: &IndexMap<String, Property>) {
        let shape = properties.iter().map(|(name, property)| (name.clone(), property.flags));
        number(record, self.shapes.number(shape.collect()));
        for property in properties.values() {
            self.used(record, &property.kind);
        }
    }

    fn record(&mut self, class: usize) -> Vec<u8> {
        let read = self.read;
        let mut record = Vec::new();
        match &read.types[self.merged.representatives[class]] {
            Type::Any | Type::Resource { .. } | Type::Function { .. } => record.push(SMALL[0]),
            Type::Null => record.push(SMALL[1]),
            Type::Boolean => record.push(SMALL[2]),
            Type::Integer { min_value, max_value } => {
                record.push(1 | flag(min_value.is_some(), 8) | flag(max_value.is_some(), 16));
                bounds(&mut record, [*min_value, *max_value]);
            }
            Type::String { min_length, max_length, pattern, sensitive } => {
                let lengths = flag(min_length.is_some(), 8) | flag(max_length.is_some(), 16);
                record.push(2 | lengths | flag(pattern.is_some(), 32) | flag(*sensitive, 64));
                bounds(&mut record, [*min_length, *max_length]);
                if let Some(pattern) = pattern {
                    self.text(&mut record, pattern);
                }
            }
            Type::Literal { value } => {
                record.push(3);
                self.text(&mut record, value);
            }
            Type::Union { elements } => {
                record.push(4);
                number(&mut record, elements.len());
                for element in elements {
                    self.used(&mut record, element);
                }
            }
            Type::Array { item_type, min_length, max_length } => {
                record.push(5 | flag(min_length.is_some(), 8) | flag(max_length.is_some(), 16));
                self.used(&mut record, item_type);
                bounds(&mut record, [*min_length, *max_length]);
            }
            Type::Object { name, properties, additional_properties, sensitive } => {
                record.push(6 | flag(additional_properties.is_some(), 8) | flag(*sensitive, 16));
                self.text(&mut record, name);
                self.properties(&mut record, properties);
                if let Some(used) = additional_properties {
                    self.used(&mut record, used);
                }
            }
            Type::Discriminated { name, discriminator, base_properties, elements } => {
                record.push(7);
                self.text(&mut record, name);
                self.text(&mut record, discriminator);
                self.properties(&mut record, base_properties);
                number(&mut record, elements.len());
                for (value, element) in elements {
                    self.text(&mut record, value);
                    self.used(&mut record, element);
                }
            }
        }
        record
    }

    /// A record for each resource type, sorted by name, with its versions, the oldest first.
    fn resources(&mut self) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
        let read = self.read;
        let mut groups: BTreeMap<String, BTreeMap<&str, (&str, usize)>> = BTreeMap::new();
        for (name, resource) in &read.resources {
            let (name, version) = name.split_once('@').ok_or("a resource has no version")?;
            let group = groups.entry(name.to_ascii_lowercase()).or_default();
            group.insert(version, (name, *resource));
        }
        let mut records = Vec::new();
        for (lower, versions) in groups {
            let mut record = Vec::new();
            if let Some((newest, _)) = versions.values().next_back() {
                self.text(&mut record, newest);
            }
            for (version, (name, resource)) in versions {
                self.text(&mut record, version);
                self.text(&mut record, name);
                let Type::Resource { body, readable_scopes, writable_scopes } =
                    &read.types[resource]
                else {
                    return Err(format!("{name}@{version} is no resource type").into());
                };
                record.extend([*readable_scopes, *writable_scopes]);
                self.used(&mut record, body);
                let functions = self.functions(&lower, version)?;
                number(&mut record, functions.len());
                record.extend(functions);
            }
            records.push(record);
        }
        Ok(records)
    }

    fn functions(&mut self, name: &str, version: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        let read = self.read;
        let key = (name.to_owned(), version.to_lowercase());
        let Some(functions) = read.functions.get(&key) else { return Ok(Vec::new()) };
        let mut record = Vec::new();
        number(&mut record, functions.len());
        for function in functions {
            let Type::Function { name, output, input } = &read.types[*function] else {
                return Err(format!("a function of {name}@{version} is none").into());
            };
            self.text(&mut record, name);
            self.used(&mut record, output);
            match input {
                Some(input) => {
                    let number_of_input = self.types.number(self.merged.class[input.number]);
                    number(&mut record, number_of_input + 1);
                }
                None => record.push(0),
            }
        }
        Ok(record)
    }
}

fn bounds(record: &mut Vec<u8>, bounds: [Option<i64>; 2]) {
    for bound in bounds.into_iter().flatten() {
        wide(record, ((bound << 1) ^ (bound >> 63)).cast_unsigned());
    }
}

fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

fn number(record: &mut Vec<u8>, value: usize) {
    wide(record, value as u64);
}

fn wide(record: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        record.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    record.push(u8::try_from(value).unwrap_or(0));
}
