//! The user's own Azure, laid over the built-in tables: what its CLI answered, as plain files beside the config.
//!
//! `import` makes the files from the CLI's answers, and [`Overlay`] reads them back and answers from them. A table
//! that is not there says nothing; a table that is there and lacks a size says that Azure does not offer it.

mod answer;
mod file;
mod import;
mod layout;
mod prices;
mod size;

pub use answer::AnswerError;
pub use file::Fault;
pub use import::{Collected, import};
pub use layout::{LAYOUTS, Layout};
pub use prices::PriceError;
pub(crate) use prices::import_prices;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use file::Rows;
use layout::INDEX;

use super::vm_size::{family_of, nearest_vm_size};
use super::{Date, VmSize};
use crate::diagnostic::{Fact, nearest};

/// Name of the file that lists the others.
pub const INDEX_FILE: &str = "catalog.tsv";

/// Largest file of an overlay in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// What a subscription answered for one region.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    folder: String,
    location: String,
    digest: String,
    tables: BTreeMap<&'static str, Rows>,
}

/// A value of a row with the row itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What Azure said.
    pub value: T,
    /// The row that says it.
    pub fact: Fact,
}

/// Whether a size can be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The subscription may deploy it in the region.
    pub offered: bool,
    /// The zones in which it may; empty where the region has none.
    pub zones: String,
    /// It runs as a Spot VM.
    pub spot: Option<bool>,
}

/// A quota and its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The most that is granted.
    pub limit: u64,
    /// What is used already, where that was asked for.
    pub used: Option<u64>,
}

/// A price of one unit of a meter.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// The amount.
    pub amount: f64,
    /// ISO 4217.
    pub currency: String,
    /// `1 Hour`, `1/Day` or `1/Month`.
    pub unit: String,
}

impl Overlay {
    /// An overlay that says nothing.
    pub fn none() -> &'static Self {
        static NONE: LazyLock<Overlay> = LazyLock::new(Overlay::default);
        &NONE
    }

    /// The files that an index lists.
    ///
    /// # Errors
    /// If the index is not one.
    pub fn listed(index: &str) -> Result<Vec<Layout>, Fault> {
        let rows = Rows::read(INDEX, index)?;
        let known = |cells: &[String]| {
            let layout = LAYOUTS.into_iter().find(|layout| layout.file() == cells[0]);
            layout.ok_or_else(|| Fault {
                line: 0,
                why: format!("there is no file named `{}`", cells[0]),
            })
        };
        rows.iter().map(known).collect()
    }

    /// Reads an overlay from the texts of its index and of the files that it lists; `digest` is that of all of
    /// them, for the manifest of a render.
    ///
    /// # Errors
    /// If a file does not have its columns, with the file's name.
    pub fn read(
        folder: &str,
        index: &str,
        files: &BTreeMap<String, String>,
        digest: String,
    ) -> Result<Self, (String, Fault)> {
        let in_index = |fault| (INDEX_FILE.to_owned(), fault);
        let listed = Self::listed(index).map_err(in_index)?;
        let rows = Rows::read(INDEX, index).map_err(in_index)?;
        let mut tables = BTreeMap::new();
        for layout in listed {
            let name = layout.file();
            let text = files.get(&name).map_or("", String::as_str);
            let rows = Rows::read(layout, text).map_err(|fault| (name.clone(), fault))?;
            tables.insert(layout.name, rows);
        }
        let location = rows.iter().map(|cells| cells[1].clone()).find(|cell| !cell.is_empty());
        Ok(Self {
            folder: folder.to_owned(),
            location: location.unwrap_or_default(),
            digest,
            tables,
        })
    }

    /// The region that it is about; empty where it says nothing of any.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The folder as the config names it.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// SHA-256 of all its files; empty for an overlay that says nothing.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether it says nothing.
    pub fn is_none(&self) -> bool {
        self.tables.is_empty()
    }

    /// Its own answers for a region, or none where it is about another.
    pub fn at(&self, location: &str) -> &Self {
        let about = self.location.is_empty() || self.location.eq_ignore_ascii_case(location);
        if about { self } else { Self::none() }
    }

    fn fact(&self, layout: Layout, cells: &[String]) -> Fact {
        let end = layout.width();
        Fact {
            table: self.table(layout),
            row: cells[0].clone(),
            source: cells[end - 2].clone(),
            checked: cells[end - 1].clone(),
        }
    }

    fn table(&self, layout: Layout) -> String {
        format!("{}/{}", self.folder.trim_end_matches('/'), layout.file())
    }

    fn rows(&self, layout: Layout) -> Option<&Rows> {
        self.tables.get(layout.name)
    }

    fn find(&self, layout: Layout, key: &str) -> Option<Answer<&[String]>> {
        let cells = self.rows(layout)?.get(key)?;
        Some(Answer { value: cells, fact: self.fact(layout, cells) })
    }

    /// A fact that a table does not hold: where it was looked for, and when Azure was asked.
    fn absence(&self, layout: Layout, key: &str) -> Option<Fact> {
        let first = self.rows(layout)?.iter().next()?;
        Some(Fact { row: key.to_owned(), ..self.fact(layout, first) })
    }

    /// A size of the built-in table with what the subscription says of it, or one that only it knows.
    pub fn vm_size(&self, name: &str) -> Option<VmSize> {
        let own = self.find(layout::SIZES, name);
        size::laid_over(super::vm_size(name), own)
    }

    /// The names of the sizes that it knows.
    fn sizes(&self) -> impl Iterator<Item = &str> {
        self.rows(layout::SIZES).into_iter().flat_map(Rows::iter).map(|cells| cells[0].as_str())
    }

    /// The known size that a mistyped one is meant to be: of the built-in table, else one of the same family that only
    /// the subscription knows.
    pub fn nearest_size(&self, name: &str) -> Option<String> {
        let family = family_of(name);
        let own = || nearest(name, self.sizes().filter(|own| family_of(own) == family));
        nearest_vm_size(name).or_else(own).map(str::to_owned)
    }

    /// Whether the subscription may deploy a size; nothing where it was not asked.
    pub fn offer(&self, size: &str) -> Option<Answer<Offer>> {
        let Some(Answer { value: cells, fact }) = self.find(layout::SIZES, size) else {
            let fact = self.absence(layout::SIZES, size)?;
            let value = Offer { offered: false, zones: String::new(), spot: None };
            return Some(Answer { value, fact });
        };
        let cell = |name| cells[layout::SIZES.column(name)].as_str();
        let spot = match cell("spot") {
            "" => None,
            cell => Some(cell == "yes"),
        };
        let value =
            Offer { offered: cell("offered") != "no", zones: cell("zones").to_owned(), spot };
        Some(Answer { value, fact })
    }

    /// When the subscription's own answer says that a size ends.
    pub fn size_ends_on(&self, size: &str) -> Option<Answer<Date>> {
        let compute = self.find(layout::SIZES, size).and_then(|answer| {
            let day = Date::parse(&answer.value[layout::SIZES.column("retires_on")])?;
            Some(Answer { value: day, fact: answer.fact })
        });
        let batch = self.find(layout::BATCH_SIZES, size).and_then(|answer| {
            let day = Date::parse(&answer.value[1])?;
            Some(Answer { value: day, fact: answer.fact })
        });
        [compute, batch].into_iter().flatten().min_by_key(|answer| answer.value)
    }

    /// Whether Batch offers a size in the region; nothing where it was not asked.
    pub fn in_batch(&self, size: &str) -> Option<Answer<bool>> {
        match self.find(layout::BATCH_SIZES, size) {
            Some(answer) => Some(Answer { value: true, fact: answer.fact }),
            None => Some(Answer { value: false, fact: self.absence(layout::BATCH_SIZES, size)? }),
        }
    }

    /// A quota, `compute:` or `batch:` with its name.
    pub fn quota(&self, name: &str) -> Option<Answer<Quota>> {
        let answer = self.find(layout::QUOTAS, name)?;
        let limit = answer.value[1].parse().ok()?;
        let used = self.find(layout::QUOTA_USE, name);
        let used = used.and_then(|answer| answer.value[1].parse().ok());
        Some(Answer { value: Quota { limit, used }, fact: answer.fact })
    }

    /// When Batch ends an image, and with it the node agent for it; nothing where Batch was not asked. The inner
    /// value is none for an image without an end.
    pub fn image_ends_on(&self, image: &str) -> Option<Answer<Option<Date>>> {
        let answer = self.find(layout::NODE_AGENTS, image)?;
        let day = Date::parse(&answer.value[layout::NODE_AGENTS.column("ends_on")]);
        Some(Answer { value: day, fact: answer.fact })
    }

    /// Whether Batch has a node agent; nothing where it was not asked.
    pub fn has_node_agent(&self, id: &str) -> Option<Answer<bool>> {
        let column = layout::NODE_AGENTS.column("node_agent");
        let mut rows = self.rows(layout::NODE_AGENTS)?.iter();
        match rows.find(|cells| cells[column].eq_ignore_ascii_case(id)) {
            Some(cells) => {
                Some(Answer { value: true, fact: self.fact(layout::NODE_AGENTS, cells) })
            }
            None => Some(Answer { value: false, fact: self.absence(layout::NODE_AGENTS, id)? }),
        }
    }

    /// The newest version of a marketplace image, `publisher:offer:sku`.
    pub fn image_version(&self, image: &str) -> Option<Answer<String>> {
        let answer = self.find(layout::IMAGES, image)?;
        let version = answer.value[1].clone();
        (!version.is_empty()).then_some(Answer { value: version, fact: answer.fact })
    }

    /// Whether a marketplace image is in the region; nothing where its offer was not asked for.
    pub fn has_image(&self, image: &str) -> Option<Answer<bool>> {
        if let Some(answer) = self.find(layout::IMAGES, image) {
            return Some(Answer { value: true, fact: answer.fact });
        }
        let offer = image.rsplit_once(':')?.0.to_lowercase() + ":";
        let mut rows = self.rows(layout::IMAGES)?.iter();
        let sibling = rows.find(|cells| cells[0].to_lowercase().starts_with(&offer))?;
        let fact = Fact { row: image.to_owned(), ..self.fact(layout::IMAGES, sibling) };
        Some(Answer { value: false, fact })
    }

    /// Whether the subscription is offered an API version; nothing where the type was not asked for.
    pub fn has_api_version(&self, kind: &str, version: &str) -> Option<Answer<bool>> {
        let answer = self.find(layout::API_VERSIONS, kind)?;
        let mut versions = answer.value[1].split(',');
        let offered = versions.any(|known| known.eq_ignore_ascii_case(version));
        Some(Answer { value: offered, fact: answer.fact })
    }

    /// The newest API version that is no preview, or the newest of all.
    pub fn newest_api_version(&self, kind: &str) -> Option<String> {
        let answer = self.find(layout::API_VERSIONS, kind)?;
        let versions: Vec<&str> = answer.value[1].split(',').collect();
        let stable = versions.iter().rev().find(|version| !version.contains("preview"));
        stable.or(versions.last()).map(|version| (*version).to_owned())
    }

    /// Whether the subscription may use a region; nothing where it was not asked.
    pub fn has_region(&self, region: &str) -> Option<Answer<bool>> {
        match self.find(layout::REGIONS, region) {
            Some(answer) => Some(Answer { value: true, fact: answer.fact }),
            None => Some(Answer { value: false, fact: self.absence(layout::REGIONS, region)? }),
        }
    }

    /// A setting of a registry that exists.
    pub fn registry_setting(&self, registry: &str, setting: &str) -> Option<Answer<String>> {
        let answer = self.find(layout::REGISTRIES, registry)?;
        let value = answer.value[layout::REGISTRIES.column(setting)].clone();
        (!value.is_empty()).then_some(Answer { value, fact: answer.fact })
    }

    /// Whether prices were brought.
    pub fn has_prices(&self) -> bool {
        self.rows(layout::PRICES).is_some()
    }

    /// The price of a meter.
    pub fn price(&self, meter: &str) -> Option<Answer<Price>> {
        let answer = self.find(layout::PRICES, meter)?;
        let [_, amount, currency, unit, ..] = answer.value else { return None };
        let amount = amount.parse().ok()?;
        let value = Price { amount, currency: currency.clone(), unit: unit.clone() };
        Some(Answer { value, fact: answer.fact })
    }

    /// Every row with this key, in whichever table: the cells by their columns.
    pub fn rows_named(&self, key: &str) -> Vec<(Fact, Vec<(&'static str, String)>)> {
        let found = LAYOUTS.into_iter().filter_map(|layout| {
            let answer = self.find(layout, key)?;
            let cells = layout.columns.iter().copied().zip(answer.value.iter().cloned());
            Some((answer.fact, cells.collect()))
        });
        found.collect()
    }

    /// The tables with the number of their rows and the oldest day on which Azure was asked.
    pub fn tables(&self) -> Vec<(String, usize, Option<Date>)> {
        let of = |layout: Layout| {
            let rows = self.rows(layout)?;
            let days = rows.iter().filter_map(|cells| Date::parse(&cells[layout.width() - 1]));
            Some((self.table(layout), rows.len(), days.min()))
        };
        LAYOUTS.into_iter().filter_map(of).collect()
    }
}
