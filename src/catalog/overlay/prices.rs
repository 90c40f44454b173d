use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use super::import::Collected;
use super::layout::PRICES;

/// Why prices cannot be taken.
#[derive(Debug, Clone, PartialEq)]
pub enum PriceError {
    /// A file, by its place among those that were given, is not JSON, or not the answer of the Retail Prices API.
    Foreign(usize, String),
    /// A page names a next page, which is not among those that were given.
    MissingPages(String),
    /// Pages are in different currencies.
    Currencies(String, String),
    /// No page holds a price that prebake uses in this region.
    Nothing(String),
}

impl fmt::Display for PriceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(_, why) => {
                write!(formatter, "it is not a response of the Retail Prices API: {why}")
            }
            Self::MissingPages(next) => write!(formatter, "a page is missing: `{next}`"),
            Self::Currencies(one, other) => {
                write!(formatter, "the pages use different currencies: {one} and {other}")
            }
            Self::Nothing(location) => {
                write!(
                    formatter,
                    "it contains no price of a VM, disk, registry or gateway in `{location}`"
                )
            }
        }
    }
}

impl PriceError {
    /// The place of the file that is at fault, where it is one.
    pub fn file(&self) -> Option<usize> {
        match self {
            Self::Foreign(at, _) => Some(*at),
            _ => None,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(rename = "BillingCurrency", default)]
    billing_currency: Option<String>,
    #[serde(rename = "Items")]
    items: Vec<Item>,
    #[serde(rename = "NextPageLink", default)]
    next_page_link: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    currency_code: String,
    retail_price: f64,
    #[serde(default)]
    tier_minimum_units: f64,
    #[serde(default)]
    arm_region_name: String,
    #[serde(default)]
    meter_name: String,
    #[serde(default)]
    product_name: String,
    #[serde(default)]
    sku_name: String,
    #[serde(default)]
    service_name: String,
    unit_of_measure: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    arm_sku_name: Option<String>,
}

/// Adds the prices of the pages of the Retail Prices API: of one answer, or of many that follow each other. A file
/// holds one page, an array of pages, or pages one after the other.
///
/// # Errors
/// If a file is something else, a page is missing, currencies differ, or nothing in it is of use.
pub(crate) fn import_prices(files: &[Vec<u8>], into: &mut Collected) -> Result<usize, PriceError> {
    let mut pages = Vec::new();
    for (at, bytes) in files.iter().enumerate() {
        pages.extend(read(at, bytes)?);
    }
    all_pages(&pages)?;
    let location = into.location().unwrap_or_default().to_owned();
    let mut currency: Option<String> = None;
    let mut meters: BTreeMap<String, &Item> = BTreeMap::new();
    for item in pages.iter().flat_map(|page| &page.items) {
        let here = item.arm_region_name.eq_ignore_ascii_case(&location);
        let anywhere = matches!(item.arm_region_name.as_str(), "" | "Global");
        let Some(meter) = meter(item).filter(|_| here || anywhere) else { continue };
        match &currency {
            Some(known) if *known != item.currency_code => {
                return Err(PriceError::Currencies(known.clone(), item.currency_code.clone()));
            }
            _ => currency = Some(item.currency_code.clone()),
        }
        // The price of the region counts before that of all regions.
        if here || !meters.contains_key(&meter) {
            meters.insert(meter, item);
        }
    }
    if meters.is_empty() {
        return Err(PriceError::Nothing(location));
    }
    into.tables.remove(PRICES.name);
    let count = meters.len();
    for (meter, item) in meters {
        let cells = vec![
            meter,
            item.retail_price.to_string(),
            item.currency_code.clone(),
            item.unit_of_measure.clone(),
        ];
        into.row(PRICES, cells, "prices.azure.com/api/retail/prices");
    }
    Ok(count)
}

/// The pages of a file.
fn read(at: usize, bytes: &[u8]) -> Result<Vec<Page>, PriceError> {
    let foreign = |error: serde_json::Error| PriceError::Foreign(at, error.to_string());
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        return serde_json::from_slice(bytes).map_err(foreign);
    }
    let pages: Result<Vec<Page>, _> =
        serde_json::Deserializer::from_slice(bytes).into_iter().collect();
    let pages = pages.map_err(foreign)?;
    if pages.is_empty() {
        return Err(PriceError::Foreign(at, "it is empty".to_owned()));
    }
    for page in &pages {
        let other = page.items.iter().find(|item| {
            page.billing_currency.as_ref().is_some_and(|currency| *currency != item.currency_code)
        });
        if let (Some(item), Some(currency)) = (other, &page.billing_currency) {
            return Err(PriceError::Currencies(currency.clone(), item.currency_code.clone()));
        }
    }
    Ok(pages)
}

/// Each answer ends with a page without a next one, and its pages follow in equal steps (`$skip=1000`), so that a
/// page that was left out shows.
fn all_pages(pages: &[Page]) -> Result<(), PriceError> {
    let mut answers: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let links = pages.iter().filter_map(|page| page.next_page_link.as_deref());
    let links: Vec<&str> = links.filter(|link| !link.is_empty()).collect();
    for link in &links {
        let (rest, skip) = split_skip(link);
        answers.entry(rest).or_default().insert(skip);
    }
    let last_pages = pages.len() - links.len();
    if last_pages < answers.len().max(1) {
        let next = links.last().copied().unwrap_or_default();
        return Err(PriceError::MissingPages(next.to_owned()));
    }
    for (rest, skips) in answers {
        let Some(step) = skips.first().copied().filter(|step| *step > 0) else { continue };
        for (at, skip) in skips.iter().enumerate() {
            let expected = step * (at as u64 + 1);
            if *skip != expected {
                return Err(PriceError::MissingPages(format!("{rest} ($skip={expected})")));
            }
        }
    }
    Ok(())
}

/// A link without its `$skip`, and that number.
fn split_skip(link: &str) -> (String, u64) {
    let parts = link.split(['?', '&']);
    let is_skip = |part: &&str| part.starts_with("$skip=") || part.starts_with("%24skip=");
    let skip = parts.clone().find(is_skip).and_then(|part| part.split('=').nth(1)?.parse().ok());
    let rest: Vec<&str> = parts.filter(|part| !is_skip(part)).collect();
    (rest.join("&"), skip.unwrap_or(0))
}

/// What the price is for, in the catalog's words; nothing for what prebake deploys nothing of, for reservations,
/// Windows, and quantities beyond the first tier.
fn meter(item: &Item) -> Option<String> {
    if !item.kind.eq_ignore_ascii_case("Consumption") || item.tier_minimum_units > 0.0 {
        return None;
    }
    match item.service_name.as_str() {
        "Virtual Machines" => machine(item),
        "Storage" => disk(item),
        "Container Registry" => {
            let sku = item.meter_name.strip_suffix(" Registry Unit")?;
            Some(format!("registry:{sku}"))
        }
        "NAT Gateway" | "Virtual Network" if item.product_name.contains("NAT Gateway") => {
            let sku = item.meter_name.strip_suffix(" Gateway")?;
            Some(format!("nat:{sku}"))
        }
        "Virtual Network" if item.product_name.contains("IP Addresses") => (item.meter_name
            == "Standard IPv4 Static Public IP")
            .then(|| "address:Standard".to_owned()),
        _ => None,
    }
}

fn machine(item: &Item) -> Option<String> {
    let size = item.arm_sku_name.as_deref().filter(|name| !name.is_empty())?;
    let other = ["Windows", "Cloud Services", "CloudServices", "Dedicated Host"];
    let low = "Low Priority";
    if other.iter().any(|word| item.product_name.contains(word))
        || item.sku_name.contains(low)
        || item.meter_name.contains(low)
    {
        return None;
    }
    let spot = item.sku_name.ends_with(" Spot") || item.meter_name.ends_with(" Spot");
    Some(format!("vm:{size}:{}", if spot { "spot" } else { "payg" }))
}

/// A managed disk by its tier, `E10 LRS`, and not its operations, bursts or mounts.
fn disk(item: &Item) -> Option<String> {
    if !item.product_name.ends_with("Managed Disks")
        || item.meter_name != format!("{} Disk", item.sku_name)
    {
        return None;
    }
    Some(format!("disk:{}", item.sku_name))
}
