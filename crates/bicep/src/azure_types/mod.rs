//! What Azure's resource types look like: every type and API version that Microsoft publishes.
//!
//! The tables of <https://github.com/Azure/bicep-types-az> lie in the binary in a packed form
//! (`azure-types.bin`), in which types that versions share are stored once. Nothing is unpacked: a type is
//! read where it lies when somebody asks for it, in about a microsecond. `tools/azure-types` makes the
//! packed form from a checkout.
//!
//! Read this file for the questions that can be asked, `container` and `record` for how the bytes lie.
//!
//! ```
//! use prebake_bicep::azure_types::{Type, tables};
//!
//! let tables = tables();
//! let pool = tables.resource("microsoft.batch/batchaccounts/pools", "2024-07-01").expect("it exists");
//! assert_eq!(pool.name, "Microsoft.Batch/batchAccounts/pools");
//! let Type::Object(body) = tables.get(pool.body) else { panic!("a body is an object") };
//! assert!(body.properties.iter().any(|property| property.name == "properties"));
//! ```

pub mod container;
mod record;

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::OnceLock;

use container::{HEADER_BYTES, MAGIC, TableError, number_at};
pub use record::STRIDE;
use record::{List, Record};

/// The packed tables of this build, which `build.rs` has checked.
static EMBEDDED: &[u8] = include_bytes!("azure-types.bin");

/// The tables of this build.
pub fn tables() -> Tables<'static> {
    static TABLES: OnceLock<Tables<'static>> = OnceLock::new();
    *TABLES.get_or_init(|| Tables::read(EMBEDDED).unwrap_or(Tables::EMPTY))
}

/// How many resource types a thread keeps as it found them, and the longest name and version of one, in bytes.
const MOST_FOUND: usize = 32;
const LONGEST_FOUND: usize = 256;

/// A resource type as it was asked for, and what the tables have of it.
struct Found {
    name: Box<str>,
    version: Box<str>,
    resource: Option<Resource<'static>>,
}

thread_local! {
    /// What was found last. A file names few types, and the phases of the compiler ask for each of them again.
    static FOUND: RefCell<VecDeque<Found>> = RefCell::default();
}

/// The resource type of this name, in whatever case, in this API version, in the tables of this build.
pub fn resource(name: &str, version: &str) -> Option<Resource<'static>> {
    let is_it = |found: &&Found| *found.name == *name && *found.version == *version;
    let known = FOUND.with_borrow(|all| all.iter().find(is_it).map(|found| found.resource));
    known.unwrap_or_else(|| {
        let resource = tables().resource(name, version);
        if name.len() + version.len() <= LONGEST_FOUND {
            FOUND.with_borrow_mut(|all| {
                all.truncate(MOST_FOUND - 1);
                all.push_front(Found { name: name.into(), version: version.into(), resource });
            });
        }
        resource
    })
}

/// Names a type of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// Packed tables of types.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'t> {
    version: &'t str,
    date: &'t str,
    strings: List<'t>,
    shapes: List<'t>,
    types: List<'t>,
    resources: List<'t>,
}

/// A resource type in one API version.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'t> {
    /// Its name as this version spells it: `Microsoft.Batch/batchAccounts/pools`.
    pub name: &'t str,
    /// The API version.
    pub version: &'t str,
    /// The type of its body.
    pub body: TypeId,
    /// Where an existing one may be read.
    pub readable: Scopes,
    /// Where one may be deployed.
    pub writable: Scopes,
    functions: Record<'t>,
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(pub u8);

impl Scopes {
    /// The whole tenant.
    pub const TENANT: Self = Self(1);
    /// A management group.
    pub const MANAGEMENT_GROUP: Self = Self(2);
    /// A subscription.
    pub const SUBSCRIPTION: Self = Self(4);
    /// A resource group.
    pub const RESOURCE_GROUP: Self = Self(8);
    /// Another resource, which this one extends.
    pub const EXTENSION: Self = Self(16);

    /// Whether any of these is in the other set.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A function of a resource, such as `listKeys`.
#[derive(Debug, Clone, Copy)]
pub struct ResourceFunction<'t> {
    /// Its name.
    pub name: &'t str,
    /// What it gives.
    pub output: TypeId,
    /// What it takes, if it takes anything.
    pub input: Option<TypeId>,
}

/// A type of the tables.
#[derive(Debug, Clone, PartialEq)]
pub enum Type<'t> {
    /// Anything.
    Any,
    /// Only null.
    Null,
    /// True or false.
    Boolean,
    /// A whole number, within bounds.
    Integer {
        /// The least.
        minimum: Option<i64>,
        /// The greatest.
        maximum: Option<i64>,
    },
    /// A text.
    String {
        /// The least length, in characters.
        minimum: Option<i64>,
        /// The greatest length, in characters.
        maximum: Option<i64>,
        /// A regular expression of .NET that it matches.
        pattern: Option<&'t str>,
        /// Whether it is a secret.
        sensitive: bool,
    },
    /// One text.
    Literal(&'t str),
    /// One of several.
    Union(Vec<TypeId>),
    /// A list.
    Array {
        /// What each item is.
        item: TypeId,
        /// The fewest items.
        minimum: Option<i64>,
        /// The most items.
        maximum: Option<i64>,
    },
    /// An object.
    Object(Object<'t>),
    /// An object whose other properties depend on one of them.
    Discriminated(Discriminated<'t>),
}

/// An object type.
#[derive(Debug, Clone, PartialEq)]
pub struct Object<'t> {
    /// Its name in the tables.
    pub name: &'t str,
    /// Its properties, in order.
    pub properties: Vec<Property<'t>>,
    /// What properties of other names are.
    pub additional: Option<TypeId>,
    /// Whether it is a secret.
    pub sensitive: bool,
}

/// An object type whose properties depend on one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Discriminated<'t> {
    /// Its name in the tables.
    pub name: &'t str,
    /// The property that decides.
    pub discriminator: &'t str,
    /// The properties that all of them have.
    pub base: Vec<Property<'t>>,
    /// Its values with the object that each decides for.
    pub elements: Vec<(&'t str, TypeId)>,
}

/// A property of an object type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property<'t> {
    /// Its name.
    pub name: &'t str,
    /// What it is.
    pub kind: TypeId,
    flags: u8,
}

impl Property<'_> {
    /// Whether it must be given.
    pub fn is_required(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether only Azure sets it.
    pub fn is_read_only(&self) -> bool {
        self.flags & 2 != 0
    }

    /// Whether it can be set and not read.
    pub fn is_write_only(&self) -> bool {
        self.flags & 4 != 0
    }
}

impl<'t> Tables<'t> {
    const EMPTY: Self = Self {
        version: "",
        date: "",
        strings: List::EMPTY,
        shapes: List::EMPTY,
        types: List::EMPTY,
        resources: List::EMPTY,
    };

    /// Opens packed tables after a look at all of their bytes.
    ///
    /// # Errors
    /// They are cut off, damaged, or something else.
    pub fn open(bytes: &'t [u8]) -> Result<Self, TableError> {
        container::check(bytes)?;
        Self::read(bytes).ok_or(TableError::Damaged)
    }

    fn read(bytes: &'t [u8]) -> Option<Self> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let date = HEADER_BYTES + usize::from(*bytes.get(20)?);
        let end = date + usize::from(*bytes.get(21)?);
        let list = |number: usize| List::new(bytes, number_at(bytes, 22 + 4 * number)?);
        Some(Self {
            version: std::str::from_utf8(bytes.get(HEADER_BYTES..date)?).ok()?,
            date: std::str::from_utf8(bytes.get(date..end)?).ok()?,
            strings: list(0)?,
            shapes: list(1)?,
            types: list(2)?,
            resources: list(3)?,
        })
    }

    /// The version of Microsoft's package.
    pub fn version(&self) -> &'t str {
        self.version
    }

    /// The day on which it was taken: `2026-11-28`.
    pub fn date(&self) -> &'t str {
        self.date
    }

    /// The resource type of this name, in whatever case, in this API version.
    pub fn resource(&self, name: &str, version: &str) -> Option<Resource<'t>> {
        let mut record = self.versions_of(name)?;
        loop {
            let mut ahead = record;
            if self.text(&mut ahead)?.eq_ignore_ascii_case(version) {
                return self.next_version(&mut record);
            }
            skip_version(&mut ahead)?;
            record = ahead;
        }
    }

    /// All versions of the resource type of this name, the oldest first.
    pub fn versions(&self, name: &str) -> Vec<Resource<'t>> {
        let Some(mut record) = self.versions_of(name) else { return Vec::new() };
        std::iter::from_fn(|| self.next_version(&mut record)).collect()
    }

    /// The names of all resource types, sorted without case, as their newest versions spell them.
    pub fn names(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        let tables = *self;
        (0..tables.resources.len())
            .filter_map(move |at| tables.text(&mut tables.resources.get(at)?))
    }

    /// The functions of a resource type.
    pub fn functions(&self, resource: &Resource<'t>) -> Vec<ResourceFunction<'t>> {
        let mut record = resource.functions;
        let count = record.number().unwrap_or(0);
        (0..count).map_while(|_| self.function(&mut record)).collect()
    }

    /// A type.
    pub fn get(&self, id: TypeId) -> Type<'t> {
        // All bytes were checked, by `open` or by `build.rs`, so that each number has a type.
        self.types.get(id.0 as usize).and_then(|record| self.decoded(record)).unwrap_or(Type::Any)
    }

    fn versions_of(&self, name: &str) -> Option<Record<'t>> {
        let (mut low, mut high) = (0, self.resources.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let mut record = self.resources.get(middle)?;
            match compare(self.text(&mut record)?, name) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(record),
            }
        }
        None
    }

    fn next_version(&self, record: &mut Record<'t>) -> Option<Resource<'t>> {
        let version = self.text(record)?;
        let name = self.text(record)?;
        let readable = Scopes(record.byte()?);
        let writable = Scopes(record.byte()?);
        let body = type_id(record)?;
        let length = record.number()?;
        let functions = Record::new(record.take(length)?);
        Some(Resource { name, version, body, readable, writable, functions })
    }

    fn function(&self, record: &mut Record<'t>) -> Option<ResourceFunction<'t>> {
        let name = self.text(record)?;
        let output = type_id(record)?;
        let input = record.number()?.checked_sub(1);
        Some(ResourceFunction { name, output, input: input.and_then(narrow) })
    }

    fn text(&self, record: &mut Record<'t>) -> Option<&'t str> {
        std::str::from_utf8(self.strings.get(record.number()?)?.rest()).ok()
    }

    fn decoded(&self, mut record: Record<'t>) -> Option<Type<'t>> {
        let tag = record.byte()?;
        Some(match tag & 7 {
            0 if tag == SMALL[0] => Type::Any,
            0 if tag == SMALL[1] => Type::Null,
            0 => Type::Boolean,
            1 => {
                let (minimum, maximum) = bounds(tag, &mut record)?;
                Type::Integer { minimum, maximum }
            }
            2 => {
                let (minimum, maximum) = bounds(tag, &mut record)?;
                let pattern = if tag & 32 == 0 { None } else { Some(self.text(&mut record)?) };
                Type::String { minimum, maximum, pattern, sensitive: tag & 64 != 0 }
            }
            3 => Type::Literal(self.text(&mut record)?),
            4 => {
                let count = record.number()?;
                let elements = (0..count).map(|_| type_id(&mut record));
                Type::Union(elements.collect::<Option<_>>()?)
            }
            5 => {
                let item = type_id(&mut record)?;
                let (minimum, maximum) = bounds(tag, &mut record)?;
                Type::Array { item, minimum, maximum }
            }
            6 => {
                let name = self.text(&mut record)?;
                let properties = self.properties(&mut record)?;
                let additional = if tag & 8 == 0 { None } else { Some(type_id(&mut record)?) };
                Type::Object(Object { name, properties, additional, sensitive: tag & 16 != 0 })
            }
            _ => Type::Discriminated(self.discriminated(&mut record)?),
        })
    }

    fn discriminated(&self, record: &mut Record<'t>) -> Option<Discriminated<'t>> {
        let name = self.text(record)?;
        let discriminator = self.text(record)?;
        let base = self.properties(record)?;
        let count = record.number()?;
        let elements = (0..count).map(|_| Some((self.text(record)?, type_id(record)?)));
        let elements = elements.collect::<Option<_>>()?;
        Some(Discriminated { name, discriminator, base, elements })
    }

    fn properties(&self, record: &mut Record<'t>) -> Option<Vec<Property<'t>>> {
        let mut shape = self.shapes.get(record.number()?)?;
        let count = shape.number()?;
        let mut properties = Vec::with_capacity(count.min(1000));
        for _ in 0..count {
            let name = self.text(&mut shape)?;
            let flags = shape.byte()?;
            properties.push(Property { name, kind: type_id(record)?, flags });
        }
        Some(properties)
    }
}

/// How types without anything else to say are written.
pub const SMALL: [u8; 3] = [0, 8, 16];

/// What a version has after its text.
fn skip_version(record: &mut Record<'_>) -> Option<()> {
    record.number()?;
    record.byte()?;
    record.byte()?;
    type_id(record)?;
    let length = record.number()?;
    record.take(length)?;
    Some(())
}

/// The bounds that the bits 8 and 16 of a tag say are there.
fn bounds(tag: u8, record: &mut Record<'_>) -> Option<(Option<i64>, Option<i64>)> {
    let minimum = if tag & 8 == 0 { None } else { Some(record.signed()?) };
    let maximum = if tag & 16 == 0 { None } else { Some(record.signed()?) };
    Some((minimum, maximum))
}

fn type_id(record: &mut Record<'_>) -> Option<TypeId> {
    narrow(record.number()?)
}

fn narrow(number: usize) -> Option<TypeId> {
    u32::try_from(number).ok().map(TypeId)
}

/// The order of names, which is that of their lower-case letters.
fn compare(left: &str, right: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    left.bytes().map(lower).cmp(right.bytes().map(lower))
}
