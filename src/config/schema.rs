//! The config's JSON Schema, made from the types in `fields`.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value, json};

use super::Config;
use super::fields::{ADDRESS_OR_RANGE, ADDRESS_RANGE, GUID};
use crate::schema::{Schema, embedded};

/// The committed schema, as it is checked and as editors read it.
pub static CONFIG: LazyLock<Schema> = LazyLock::new(|| embedded!("config", "config.schema"));

/// Generates the schema from the types. The committed file is this, and a test keeps it so.
pub fn generate() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_deserialize()
        .with(|settings| settings.untagged_enum_variant_titles = false)
        .into_generator()
        .into_root_schema_for::<Config>();
    RecursiveTransform(without_null).transform(&mut schema);
    RecursiveTransform(plain_enum).transform(&mut schema);
    schema.insert("title".to_owned(), "prebake config".into());
    let mut schema = schema.to_value();
    add_layers(&mut schema);
    schema
}

/// The keys that `layers` takes out before a config is read as typed fields. What a config must say it may
/// leave to the configs that it extends and to its environments; when they are merged, these keys are gone
/// and everything is required again.
fn add_layers(schema: &mut Value) {
    let required = schema["required"].take();
    let root = schema.as_object_mut().expect("a schema of a struct is a mapping");
    root.shift_remove("required");
    root.insert(
        "if".to_owned(),
        json!({ "anyOf": [{ "required": ["extends"] }, { "required": ["environments"] }] }),
    );
    root.insert("then".to_owned(), Value::Bool(true));
    root.insert("else".to_owned(), json!({ "required": required }));
    for item in ["BakeStep", "Certificate", "Image", "Pool", "TargetRegion"] {
        let item = &mut root["$defs"][item]["properties"];
        item[super::named::REMOVE] = json!({
            "description": "In a layer: remove the item with this name from the list of the lower layer.",
            "type": "boolean",
        });
        item[super::named::REPLACE] = json!({
            "description": "On the first item of a list in a layer: replace the list of the lower layer with this list.",
            "type": "boolean",
        });
    }
    let properties = root["properties"].as_object_mut().expect("a config has properties");
    let layer: Map<String, Value> = properties
        .keys()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/properties/{name}") })))
        .collect();
    properties.insert("extends".to_owned(), json!({
        "description": "One or more base configs, as paths relative to this file. Mappings are merged, lists of named items are merged by name, an empty value removes a key, and every other value is replaced. Example: `base.yaml`.",
        "anyOf": [
            { "type": "string", "minLength": 1 },
            { "type": "array", "items": { "type": "string", "minLength": 1 }, "minItems": 1 },
        ],
    }));
    properties.insert("environments".to_owned(), json!({
        "description": "Environments, such as `dev` and `prod`. Each is a mapping of values that override this config, or the path of a file with such values, and renders to its own folder. Example: `prod: { batch: { pools: [...] } }`.",
        "type": "object",
        "propertyNames": { "pattern": "^[a-z][a-z0-9-]{0,19}$" },
        "maxProperties": super::layers::MAX_ENVIRONMENTS,
        "additionalProperties": {
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "object", "properties": layer, "additionalProperties": false },
            ],
        },
    }));
}

/// A key that is not wanted is left out: `null` is an unfinished line, not a value.
fn without_null(schema: &mut schemars::Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    let Some(Value::Array(branches)) = schema.get_mut("anyOf") else { return };
    branches.retain(|branch| branch["type"] != "null");
    if let [Value::Object(only)] = branches.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.insert(key, value);
        }
    }
}

/// One list of words instead of one branch a word, so that an error can name the nearest word.
fn plain_enum(schema: &mut schemars::Schema) {
    let Some(Value::Array(branches)) = schema.get("oneOf") else { return };
    let words: Vec<Value> =
        branches.iter().filter_map(|branch| branch.get("const").cloned()).collect();
    if words.len() != branches.len() {
        return;
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), Value::Array(words));
}

/// A pattern of the schema in words.
pub(super) struct Form {
    pattern: &'static str,
    pub(super) words: &'static str,
    pub(super) example: &'static str,
}

/// A pattern of the config in words.
pub(super) fn form(pattern: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.pattern == pattern)
}

impl Form {
    /// The text of this form that a written one becomes, if only its case or what stands between its words has to
    /// change.
    pub(super) fn of_text(&self, written: &str) -> Option<String> {
        let fits = regex::Regex::new(self.pattern).ok()?;
        let words: Vec<&str> = written
            .split(|symbol: char| !symbol.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let joined = ["-", "_", "."].into_iter().map(|between| words.join(between));
        let trimmed = std::iter::once(written.trim().to_owned());
        let candidates = trimmed.chain(joined).chain([words.concat()]);
        candidates
            .flat_map(|text| [text.to_lowercase(), text])
            .find(|text| !words.is_empty() && text != written && fits.is_match(text))
    }
}

/// The mappings of the config that know a key, by their paths with dots, the outermost first.
pub(super) fn owners_of(key: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect_owners(&generate(), key, &mut String::new(), &mut Vec::new(), &mut found);
    found.sort_by_key(|path: &String| (path.matches('.').count(), path.clone()));
    found.dedup();
    found
}

/// How deep the mappings of the config are looked into.
const DEEPEST: usize = 8;

fn collect_owners(
    root: &Value,
    key: &str,
    path: &mut String,
    walked: &mut Vec<String>,
    found: &mut Vec<String>,
) {
    let mut schema = root;
    if let Some(reference) = walked.last() {
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        let Some(target) = target else { return };
        schema = target;
    }
    walk_owners(root, schema, key, path, walked, found);
}

fn walk_owners(
    root: &Value,
    schema: &Value,
    key: &str,
    path: &mut String,
    walked: &mut Vec<String>,
    found: &mut Vec<String>,
) {
    if walked.len() > DEEPEST {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str().filter(|it| it.starts_with("#/$defs/")) {
        if !walked.iter().any(|known| known == reference) {
            walked.push(reference.to_owned());
            collect_owners(root, key, path, walked, found);
            walked.pop();
        }
        return;
    }
    for branch in ["anyOf", "oneOf"].iter().filter_map(|of| schema[of].as_array()).flatten() {
        walk_owners(root, branch, key, path, walked, found);
    }
    let length = path.len();
    if schema["items"].is_object() {
        path.push_str("[]");
        walk_owners(root, &schema["items"], key, path, walked, found);
        path.truncate(length);
    }
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        if name == key {
            found.push(path.clone());
        }
        // Environments repeat the config.
        if path.is_empty() && name == "environments" {
            continue;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        walk_owners(root, below, key, path, walked, found);
        path.truncate(length);
    }
}

const fn of(pattern: &'static str, words: &'static str, example: &'static str) -> Form {
    Form { pattern, words, example }
}

/// Every pattern of the config; a test finds one that is missing.
const FORMS: &[Form] = &[
    of(
        "^[a-z][a-z0-9-]*[a-z0-9]$",
        "lowercase letters, digits and `-`, starting with a letter and ending with a letter or digit",
        "gpu-vision",
    ),
    of(
        r"^[A-Za-z0-9_().-]*[A-Za-z0-9_()-]$",
        "letters, digits and `_().-`, not ending with `.`",
        "vision-batch",
    ),
    of(
        GUID,
        "a subscription ID (32 hexadecimal digits in five groups)",
        "7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11",
    ),
    of("^[a-zA-Z0-9]+$", "letters and digits only", "visionregistry"),
    of(
        r"^[A-Za-z0-9][A-Za-z0-9_.]*$",
        "letters, digits, `_` and `.`, starting with a letter or digit",
        "vision_gallery",
    ),
    of(
        r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        "letters, digits, `_`, `.` and `-`, starting with a letter or digit",
        "vision-ubuntu",
    ),
    of(r"^\d{1,10}\.\d{1,10}\.\d{1,10}$", "three numbers, `Major.Minor.Patch`", "1.0.0"),
    of(
        "^(Standard_LRS|Standard_ZRS|Premium_LRS)$",
        "`Standard_LRS`, `Standard_ZRS` or `Premium_LRS`",
        "Standard_LRS",
    ),
    of(
        "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
        "letters, digits, `_`, `.` and `-`, at most 128",
        "\"1.0.0\"",
    ),
    of(
        "^sha256:[0-9a-f]{64}$",
        "`sha256:` followed by 64 lowercase hexadecimal digits",
        "sha256:4a1c4b21597c1b4415bdbecb28a3296c6b5e23ca4f9feeb599860a1dac6a0108",
    ),
    of("^[A-Za-z_][A-Za-z0-9_]{0,127}$", "the name of an environment variable", "NGC_API_KEY"),
    of("^[A-Za-z0-9_.-]{1,128}$", "letters, digits, `_`, `.` and `-`", "runtime"),
    of(r"^\d+\.\d+\.\d+$", "a version of three numbers", "1.20.1"),
    of(r"^\d+(\.\d+(\.\d+)?)?$", "a version of one to three numbers", "\"28\""),
    of(r"^\d+\.\d+(\.\d+)?$", "a version of two or three numbers", "580.126.20"),
    of(r"^(latest|\d+\.\d+\.\d+)$", "`latest` or a version of three numbers", "latest"),
    of(
        r"^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+( [^\r\n]*)?$",
        "an OpenSSH public key on one line",
        "ssh-ed25519 AAAA... name",
    ),
    of("^(vm|image-builder)$", "`vm` or `image-builder`, or a mapping", "image-builder"),
    of(
        "^[a-z0-9][a-z0-9-]{0,39}$",
        "lowercase letters, digits and `-`, at most 40",
        "install-tools",
    ),
    of("^[A-Za-z0-9][A-Za-z0-9+._:~=-]*$", "a package name of the package manager", "htop"),
    of("^/", "an absolute path", "/etc/motd"),
    of("^0[0-7]{3}$", "four octal digits in quotes", "\"0644\""),
    of(ADDRESS_OR_RANGE, "a public IPv4 address, or a range of them", "203.0.113.0/24"),
    of("^(S1|S2|S3|I6)$", "`S1`, `S2`, `S3` or `I6`", "S2"),
    of("^[a-zA-Z0-9-]+$", "letters, digits and `-`", "builds"),
    of("^[a-z0-9]{3,8}$", "3 to 8 lowercase letters and digits", "k3f9a"),
    of(
        "^[A-Za-z0-9{}_.-]+$",
        "letters, digits, `-`, `_`, `.` and the words in braces",
        "{type}-{name}-prod",
    ),
    of(ADDRESS_RANGE, "an address prefix", "10.64.0.0/16"),
    of(r"^\d{4}-\d{2}-\d{2}$", "a date, `YYYY-MM-DD`", "2027-06-30"),
    of("^[a-z][a-z0-9-]{0,19}$", "a name of lowercase letters, digits and `-`, at most 20", "prod"),
    of("^[a-z0-9]+$", "lowercase letters and digits only", "visionbatch"),
    of("^[a-zA-Z0-9_-]+$", "letters, digits, `_` and `-`", "gpu-pool"),
    of(r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$", "an ISO 8601 duration", "PT15M"),
    of("^https://", "an HTTPS URL", "https://account.blob.core.windows.net/container/file"),
    of(
        "^[a-z0-9$][a-z0-9-]{2,62}$",
        "a container name: lowercase letters, digits and `-`, 3 to 63",
        "datasets",
    ),
    of(
        "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$",
        "a relative path of letters, digits, `.`, `_` and `-`",
        "datasets",
    ),
    of(
        "^[a-z_][a-z0-9_-]{0,31}$",
        "a user name: lowercase letters, digits, `_` and `-`, at most 32",
        "operator",
    ),
    of("^[0-9a-zA-Z-]{1,127}$", "letters, digits and `-`", "operator-password"),
    of("^[0-9a-f]{32}$", "32 lowercase hexadecimal digits", "2f1b0d8f2c9f4d1f8f7a6b5c4d3e2f10"),
    of(r"^[a-zA-Z0-9_.-]{1,64}$", "letters, digits, `_`, `.` and `-`, at most 64", "\"4.2\""),
    of(r"^\d+(\.\d+){0,3}$", "a version, one to four numbers", "\"1.33\""),
    of(
        "^[a-z0-9][a-z0-9-]{2,62}$",
        "a share name: lowercase letters, digits and `-`, 3 to 63",
        "datasets",
    ),
    of(r"^[1-7]g\.\d{1,3}gb(\+me)?$", "a MIG profile", "1g.10gb"),
    of("^[^/]+/[^/]+/[^/]+$", "`publisher/product/name`", "resf/rockylinux-x86_64/9-base"),
    of(
        r"^https?://[A-Za-z0-9.-]+(:\d{1,5})?/?$",
        "the URL of a proxy: host and port, without a user",
        "http://proxy.contoso.com:3128",
    ),
    of(r"^[A-Za-z0-9.:/*_-]+$", "a host, a domain or an address prefix", ".contoso.com"),
    of(r"^https?://[A-Za-z0-9._~:/%+-]+$", "a URL", "https://mirror.contoso.com/docker"),
    of(
        r"^[a-z0-9]{5,50}(-[a-z0-9]+)?\.[a-z0-9.]+$",
        "the host of a registry",
        "contoso-a1b2c3d4.azurecr.io",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(map) => {
                if let Some(Value::String(pattern)) = map.get("pattern") {
                    found.push(pattern.clone());
                }
                map.values().for_each(|value| patterns(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| patterns(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_pattern_has_words_and_an_example_that_fits() {
        let mut found = Vec::new();
        patterns(&generate(), &mut found);
        assert!(found.len() > 20);
        for pattern in found {
            let form = form(&pattern);
            let form = form.unwrap_or_else(|| panic!("`{pattern}` has no words"));
            let example = form.example.trim_matches('"').replace("...", "");
            let regex = regex::Regex::new(&pattern).expect("patterns are regular expressions");
            assert!(regex.is_match(&example), "`{example}` does not match `{pattern}`");
        }
    }

    #[test]
    fn a_text_becomes_one_of_its_form_where_only_case_and_joints_change() {
        let own = |pattern: &str, text: &str| form(pattern).and_then(|form| form.of_text(text));
        let name = "^[a-z][a-z0-9-]*[a-z0-9]$";
        assert_eq!(own(name, "Vision").as_deref(), Some("vision"));
        assert_eq!(own(name, "GPU Vision_2").as_deref(), Some("gpu-vision-2"));
        assert_eq!(own(name, "42"), None);
        assert_eq!(own("^[a-z0-9]+$", "vision-batch").as_deref(), Some("visionbatch"));
    }

    #[test]
    fn a_key_is_known_by_the_mappings_that_have_it() {
        assert_eq!(owners_of("nodes"), ["bake.proxy", "batch.pools[]"]);
        assert_eq!(owners_of("vmSize"), ["builder", "node", "batch.pools[]"]);
        assert!(owners_of("nothing").is_empty());
    }
}
