use std::sync::LazyLock;

use super::table::Row;
use super::tables::BASE_IMAGES;
use super::tables::NODE_AGENTS;
use super::{Date, Status};
use crate::diagnostic::Fact;

/// The Hyper-V generation of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// BIOS boot.
    V1,
    /// UEFI boot.
    V2,
}

impl Generation {
    /// As ARM spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "V1",
            Self::V2 => "V2",
        }
    }

    /// Reads ARM's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "V1" | "v1" => Some(Self::V1),
            "V2" | "v2" => Some(Self::V2),
            _ => None,
        }
    }
}

/// A marketplace image that nodes can be baked from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImage {
    /// The OS as configs name it, `ubuntu-24.04`.
    pub os_key: &'static str,
    /// The generation.
    pub generation: Generation,
    /// Marketplace publisher.
    pub publisher: &'static str,
    /// Marketplace offer.
    pub offer: &'static str,
    /// Marketplace SKU.
    pub sku: &'static str,
    /// Marketplace version.
    pub version: &'static str,
    /// The OS as node agents name it, `ubuntu 24.04` or `el 9`.
    pub os: &'static str,
    /// The Batch node agent for it.
    pub node_agent: &'static str,
    /// `apt` or `dnf`.
    pub packages: &'static str,
    /// Whether it ships dockerd.
    pub docker: bool,
    /// Kernel modules of the NVIDIA driver that it ships: `no`, `open` or `proprietary`; `rocm` for AMD's driver.
    pub gpu_driver: &'static str,
    /// `publisher/product/name` of its purchase plan, or empty.
    pub plan: &'static str,
    /// The OS key whose package sources and drivers serve it; empty where none does.
    pub software: &'static str,
    /// Whether it has the drivers and libraries of InfiniBand.
    pub fabric: bool,
    /// Where the row comes from.
    pub source: &'static str,
}

/// A Batch node agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAgent {
    /// Its id, with a space in it.
    pub id: &'static str,
    /// The OS it serves, `ubuntu 24.04` or `el 9` for RHEL and its kin.
    pub os: &'static str,
    /// Whether Batch still offers it.
    pub status: Status,
    /// When it ends or ended.
    pub ends_on: Option<Date>,
    /// Where the row comes from.
    pub source: &'static str,
}

/// The image of an OS key in a generation.
pub fn base_image(os_key: &str, generation: Generation) -> Option<BaseImage> {
    BASE_IMAGES.find(&format!("{os_key}/{}", generation.as_str())).map(parse_image)
}

/// All base images, by OS key and generation.
pub(crate) fn base_images() -> impl Iterator<Item = BaseImage> {
    static PARSED: LazyLock<Vec<BaseImage>> =
        LazyLock::new(|| BASE_IMAGES.rows().map(parse_image).collect());
    PARSED.iter().cloned()
}

/// The base image that a marketplace reference names.
pub(crate) fn marketplace_image(publisher: &str, offer: &str, sku: &str) -> Option<BaseImage> {
    base_images().find(|image| {
        image.publisher.eq_ignore_ascii_case(publisher)
            && image.offer.eq_ignore_ascii_case(offer)
            && image.sku.eq_ignore_ascii_case(sku)
    })
}

/// The OS keys that have a base image, each once, sorted.
pub(crate) fn os_keys() -> impl Iterator<Item = &'static str> {
    let mut previous = "";
    BASE_IMAGES.rows().map(|row| split_key(row.key()).0).filter(move |key| {
        let new = *key != previous;
        previous = key;
        new
    })
}

/// The node agent for an OS key.
pub(crate) fn node_agent(os_key: &str) -> Option<NodeAgent> {
    let image =
        base_image(os_key, Generation::V2).or_else(|| base_image(os_key, Generation::V1))?;
    node_agent_by_id(image.node_agent)
}

/// The node agent of this id.
pub(crate) fn node_agent_by_id(id: &str) -> Option<NodeAgent> {
    NODE_AGENTS.find(id).map(parse_agent)
}

/// The row of a node agent of this id, for a finding that rests on it.
///
/// # Panics
/// If the id is not one of the table.
pub(crate) fn node_agent_fact(id: &str) -> Fact {
    NODE_AGENTS.fact_of(id).expect("the agent was found in the table")
}

/// All node agents.
pub(crate) fn node_agents() -> impl Iterator<Item = NodeAgent> {
    NODE_AGENTS.rows().map(parse_agent)
}

fn split_key(key: &'static str) -> (&'static str, Generation) {
    let (os_key, generation) = key.rsplit_once('/').unwrap_or((key, "V2"));
    (os_key, Generation::parse(generation).unwrap_or(Generation::V2))
}

/// The cells come in the order of the fields.
fn parse_image(row: Row) -> BaseImage {
    let (os_key, generation) = split_key(row.key());
    let mut cells = row.cells::<14>().into_iter().skip(1);
    let mut next = || cells.next().unwrap_or("");
    BaseImage {
        os_key,
        generation,
        publisher: next(),
        offer: next(),
        sku: next(),
        version: next(),
        os: next(),
        node_agent: next(),
        packages: next(),
        docker: next() == "yes",
        gpu_driver: next(),
        plan: next(),
        software: next(),
        fabric: next() == "yes",
        source: next(),
    }
}

fn parse_agent(row: Row) -> NodeAgent {
    let [id, os, status, ends_on, source] = row.cells();
    NodeAgent { id, os, status: Status::parse(status), ends_on: Date::parse(ends_on), source }
}
