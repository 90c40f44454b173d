//! From a value of a render back to the key of the config that decides it.
//!
//! A property of a resource reads parameters, a parameter is written from the model, and the model takes each
//! of its values from a key of the config or from a default. `origins.tsv` holds that last step as rows.

use super::Model;
use super::bake::Step;
use crate::catalog::{Stage, Table};
use crate::config::Document;

static TABLE: Table = Table::new("origins", include_str!("origins.tsv"));

/// The keys of one config, by what they decide. Pointers are JSON pointers (RFC 6901) of the config.
#[derive(Debug, Clone, Copy)]
pub struct Origins<'a> {
    model: &'a Model,
    document: &'a Document,
}

/// What the wildcards of a row stand for in one value.
#[derive(Debug, Clone, Copy, Default)]
struct Bound {
    pool: Option<usize>,
    image: Option<usize>,
    region: Option<usize>,
    position: Option<usize>,
}

impl<'a> Origins<'a> {
    /// The origins of a model that was resolved from this config.
    pub fn new(model: &'a Model, document: &'a Document) -> Self {
        Self { model, document }
    }

    /// The key that decides a parameter of a stage, or a part of it.
    pub fn of_parameter(&self, stage: Stage, path: &[String]) -> Option<String> {
        let (pattern, bound) = self.parameter_pattern(path);
        let keys = |of: &str| longest(&format!("parameter:{of}"), &pattern);
        let row = keys(stage.name()).filter(|row| row.covers(&pattern)).or_else(|| keys("*"))?;
        self.written(row.config, bound)
    }

    /// The key that decides a property of a resource, or the resource as a whole. `path` is the JSON pointer of
    /// the property in the resource, `name` the resource's full name.
    pub fn of_property(&self, kind: &str, name: &str, path: &str) -> Option<String> {
        let mut bound = Bound { pool: self.pool_of(name), ..Bound::default() };
        let segments = path.split('/').skip(1).map(|segment| match segment.parse::<usize>() {
            Ok(position) => {
                bound.position = Some(position);
                "{n}".to_owned()
            }
            Err(_) => segment.to_owned(),
        });
        let pattern: Vec<String> = segments.collect();
        let row = longest(&format!("resource:{kind}"), &pattern)?;
        self.written(row.config, bound)
    }

    /// The key that asks for a step of the bake, by the name of the step's file without `.sh` or of the file that
    /// the step keeps.
    pub fn of_step(&self, file: &str) -> Option<String> {
        let plan = self.model.bake.as_ref()?;
        let holds = |step: &&Step| {
            step.file == file
                || step.source().is_some_and(|own| own.rsplit('/').next() == Some(file))
        };
        let step = plan.steps.iter().find(holds)?;
        step.written_at.clone().filter(|pointer| self.is_written(pointer))
    }

    /// The key of an image that the registry builds, by its position among the builds.
    pub fn of_build(&self, position: usize) -> Option<String> {
        let built = self.model.images.iter().enumerate().filter(|(_, image)| image.build.is_some());
        let (index, _) = built.into_iter().nth(position)?;
        self.written("images.{image}.build", Bound { image: Some(index), ..Bound::default() })
    }

    /// Replaces what differs from config to config by the wildcards of the table.
    fn parameter_pattern(&self, path: &[String]) -> (Vec<String>, Bound) {
        let mut bound = Bound::default();
        let mut pattern = path.to_vec();
        let position = |segment: Option<&String>| segment.and_then(|it| it.parse::<usize>().ok());
        match path.first().map(String::as_str) {
            Some("pools") => {
                bound.pool = path.get(1).and_then(|key| self.pool_of_key(key));
                replace(&mut pattern, 1, "{pool}");
                let image = position(path.get(3));
                let pool = bound.pool.and_then(|pool| self.model.batch.as_ref()?.pools.get(pool));
                bound.image = image
                    .zip(pool)
                    .and_then(|(index, pool)| pool.containers.as_ref()?.image_names.get(index))
                    .and_then(|reference| {
                        self.model.images.iter().position(|image| image.reference == *reference)
                    });
                let wildcard = if bound.image.is_some() { "{image}" } else { "{n}" };
                bound.position = image;
                if image.is_some() {
                    replace(&mut pattern, 3, wildcard);
                }
            }
            Some("builds") => {
                bound.image = self.model.images.iter().position(|image| {
                    image.build.as_ref().is_some_and(|build| path.get(1) == Some(&build.key))
                });
                replace(&mut pattern, 1, "{image}");
            }
            Some("targetRegions") => {
                // The location of the deployment stands first, before the regions of the config.
                let index = position(path.get(1));
                bound.region = index.and_then(|index| index.checked_sub(1));
                replace(&mut pattern, 1, if index == Some(0) { "{home}" } else { "{region}" });
            }
            _ => {}
        }
        (pattern, bound)
    }

    fn pool_of_key(&self, key: &str) -> Option<usize> {
        self.model.batch.as_ref()?.pools.iter().position(|pool| pool.key == key)
    }

    fn pool_of(&self, name: &str) -> Option<usize> {
        let id = name.rsplit('/').next()?;
        let pools = &self.model.batch.as_ref()?.pools;
        pools.iter().position(|pool| pool.id.eq_ignore_ascii_case(id))
    }

    /// The first of the keys that the config gives; where it gives none, what encloses the first of them.
    fn written(&self, keys: &str, bound: Bound) -> Option<String> {
        let pointers: Vec<String> = keys.split(' ').filter_map(|key| pointer(key, bound)).collect();
        if let Some(given) = pointers.iter().find(|pointer| self.is_written(pointer)) {
            return Some(given.clone());
        }
        let mut enclosing = pointers.first()?.as_str();
        while let Some((parent, _)) = enclosing.rsplit_once('/') {
            if !parent.is_empty() && self.is_written(parent) {
                return Some(parent.to_owned());
            }
            enclosing = parent;
        }
        None
    }

    fn is_written(&self, pointer: &str) -> bool {
        self.document.value.pointer(pointer).is_some()
    }
}

/// A row of the table, and how many segments its key has.
#[derive(Debug, Clone, Copy)]
struct Row {
    config: &'static str,
    length: usize,
}

impl Row {
    /// Whether it says something of the value itself and not only of what encloses it.
    fn covers(self, pattern: &[String]) -> bool {
        self.length > 0 && self.length <= pattern.len()
    }
}

/// The row of the longest part of a path.
fn longest(of: &str, pattern: &[String]) -> Option<Row> {
    (0..=pattern.len()).rev().find_map(|length| {
        let mut key = of.to_owned();
        for segment in &pattern[..length] {
            key.push('/');
            key.push_str(segment);
        }
        let [_, config] = TABLE.find(&key)?.cells();
        Some(Row { config, length })
    })
}

fn replace(pattern: &mut [String], at: usize, wildcard: &str) {
    if let Some(segment) = pattern.get_mut(at) {
        wildcard.clone_into(segment);
    }
}

/// `batch.pools.{pool}.nodes` as a JSON pointer; nothing if a wildcard stands for nothing.
fn pointer(key: &str, bound: Bound) -> Option<String> {
    let mut pointer = String::new();
    for segment in key.split('.') {
        pointer.push('/');
        match segment {
            "{pool}" => pointer.push_str(&bound.pool?.to_string()),
            "{image}" => pointer.push_str(&bound.image?.to_string()),
            "{region}" => pointer.push_str(&bound.region?.to_string()),
            "{n}" => pointer.push_str(&bound.position?.to_string()),
            plain => pointer.push_str(plain),
        }
    }
    Some(pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_keys_of_the_config() {
        let keys: Vec<String> = TABLE.rows().map(|row| row.key().to_ascii_lowercase()).collect();
        assert!(keys.is_sorted() && keys.len() > 100, "{} rows", keys.len());
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../schemas/config.schema.json")).expect("JSON");
        for row in TABLE.rows() {
            let [of, config] = row.cells();
            for key in config.split(' ') {
                assert!(exists(&schema, &schema, key), "{of}: the config has no `{key}`");
            }
        }
    }

    /// Whether the schema of the config knows a dotted key.
    fn exists(root: &serde_json::Value, schema: &serde_json::Value, key: &str) -> bool {
        let (segment, rest) =
            key.split_once('.').map_or((key, ""), |(segment, rest)| (segment, rest));
        let schema = resolved(root, schema);
        let below = if segment.starts_with('{') {
            &schema["items"]
        } else {
            &schema["properties"][segment]
        };
        if below.is_null() {
            return false;
        }
        rest.is_empty() || exists(root, below, rest)
    }

    fn resolved<'v>(
        root: &'v serde_json::Value,
        schema: &'v serde_json::Value,
    ) -> &'v serde_json::Value {
        let any = schema["anyOf"].as_array().and_then(|options| {
            // `bake` is a word or an object.
            let is_object = |option: &&'v serde_json::Value| option["$ref"] != "#/$defs/BakeMethod";
            options.iter().find(is_object)
        });
        let reference = |schema: &'v serde_json::Value| {
            let target = schema["$ref"].as_str()?.strip_prefix('#')?;
            root.pointer(target)
        };
        reference(schema).or_else(|| any.and_then(reference)).unwrap_or(schema)
    }
}
