//! Prices that the user brings.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{prebake, refused, succeeds};

fn item(price: f64, service: &str, product: &str, sku: &str, meter: &str) -> Value {
    json!({
        "currencyCode": "EUR",
        "tierMinimumUnits": 0.0,
        "retailPrice": price,
        "unitPrice": price,
        "armRegionName": "swedencentral",
        "location": "SE Central",
        "effectiveStartDate": "2026-01-01T00:00:00Z",
        "meterId": "000a794b-bdb0-58be-a0cd-0c3a0f222923",
        "meterName": meter,
        "productName": product,
        "skuName": sku,
        "serviceName": service,
        "serviceFamily": "Compute",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "isPrimaryMeterRegion": true,
        "armSkuName": "Standard_NC4as_T4_v3"
    })
}

fn page(items: &[Value], next: Option<&str>) -> Value {
    json!({
        "BillingCurrency": "EUR",
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Items": items,
        "NextPageLink": next,
        "Count": items.len()
    })
}

fn machines() -> Vec<Value> {
    let machine =
        |price, product: &str, sku: &str| item(price, "Virtual Machines", product, sku, sku);
    vec![
        machine(0.6, "NCasT4_v3 Series", "NC4as T4 v3"),
        machine(0.1, "NCasT4_v3 Series", "NC4as T4 v3 Spot"),
        machine(0.2, "NCasT4_v3 Series", "NC4as T4 v3 Low Priority"),
        machine(0.9, "NCasT4_v3 Series Windows", "NC4as T4 v3"),
    ]
}

const NEXT: &str = "https://prices.azure.com:443/api/retail/prices?currencyCode='EUR'&$skip=1000";

fn import(folder: &Path, pages: &[Value]) -> std::process::Output {
    let mut arguments: Vec<String> =
        ["catalog", "import", "--location", "swedencentral", "--as-of", "2026-11-20", "--prices"]
            .map(str::to_owned)
            .to_vec();
    for (at, page) in pages.iter().enumerate() {
        let name = format!("page{at}.json");
        fs::write(folder.join(&name), page.to_string()).expect("written");
        arguments.push(name);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    prebake(folder, &arguments)
}

#[test]
fn pages_give_the_prices_of_linux_by_kind() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let registry =
        item(0.15, "Container Registry", "Container Registry", "Basic", "Basic Registry Unit");
    let disk = item(9.6, "Storage", "Standard SSD Managed Disks", "E10 LRS", "E10 LRS Disk");
    let operations =
        item(0.002, "Storage", "Standard SSD Managed Disks", "E10 LRS", "E10 LRS Disk Operations");
    let pages = [page(&machines(), Some(NEXT)), page(&[registry, disk, operations], None)];
    succeeds(&import(folder.path(), &pages));
    let text = fs::read_to_string(folder.path().join("catalog/prices.tsv")).expect("written");
    for row in [
        "vm:Standard_NC4as_T4_v3:payg\t0.6\tEUR\t1 Hour",
        "vm:Standard_NC4as_T4_v3:spot\t0.1\tEUR",
        "registry:Basic\t0.15\tEUR",
        "disk:E10 LRS\t9.6\tEUR",
    ] {
        assert!(text.contains(row), "{row} is not in:\n{text}");
    }
    assert_eq!(text.lines().count(), 6, "{text}");
}

#[test]
fn missing_pages_and_mixed_currencies_are_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    refused(&import(folder.path(), &[page(&machines(), Some(NEXT))]), "a page is missing");
    let third = NEXT.replace("1000", "3000");
    let pages = [page(&machines(), Some(NEXT)), page(&[], Some(&third)), page(&[], None)];
    refused(&import(folder.path(), &pages), "a page is missing");
    let mut dollars =
        item(0.5, "Virtual Machines", "NCasT4_v3 Series", "NC4as T4 v3", "NC4as T4 v3");
    dollars["currencyCode"] = json!("USD");
    let mut other = page(&[dollars], None);
    other["BillingCurrency"] = json!("USD");
    refused(
        &import(folder.path(), &[page(&machines(), None), other]),
        "the pages use different currencies: EUR",
    );
    let output = import(folder.path(), &[page(&machines(), None), json!({ "Items": 7 })]);
    refused(&output, "not a response of the Retail Prices API");
    refused(&output, "`page1.json` cannot be imported");
    refused(&import(folder.path(), &[page(&[], None)]), "it contains no price");
    assert!(!folder.path().join("catalog").exists());
}

const CONFIG: &str = "
name: vision
location: swedencentral
resourceGroup: vision-batch
catalog: catalog
node: { os: ubuntu-24.04, vmSize: Standard_NC4as_T4_v3 }
gallery: { version: 1.0.0 }
batch: { pools: [{ id: dev, nodes: 2, spotNodes: 1 }] }
";

/// The answer about cost.
fn cost(folder: &Path) -> String {
    let shown = succeeds(&prebake(folder, &["diff", "prebake.yaml", "--as-of", "2026-11-25"]));
    let from = shown.find("  cost  ").unwrap_or_else(|| unreachable!("no answer in:\n{shown}"));
    let words: Vec<&str> = shown[from..].split_whitespace().collect();
    words.join(" ")
}

#[test]
fn a_review_gives_amounts_where_prices_were_brought() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let gateway = item(0.045, "NAT Gateway", "NAT Gateway", "Standard", "Standard Gateway");
    let address = item(
        0.005,
        "Virtual Network",
        "IP Addresses",
        "Standard",
        "Standard IPv4 Static Public IP",
    );
    let mut items = machines();
    items.extend([gateway, address]);
    succeeds(&import(folder.path(), &[page(&items, None)]));
    fs::write(folder.path().join("prebake.yaml"), CONFIG).expect("written");
    // Two nodes at 0.6, one Spot node at 0.1, a gateway at 0.045, an address at 0.005.
    let cost_now = cost(folder.path());
    assert!(
        cost_now.contains("EUR 0.00 → 1.35 an hour, 0 → 986 a month of 730 hours"),
        "{cost_now}"
    );
    assert!(cost_now.contains("`disk:"), "the disks have no price: {cost_now}");
    fs::write(folder.path().join("prebake.yaml"), CONFIG.replace("catalog: catalog\n", ""))
        .expect("written");
    assert!(!cost(folder.path()).contains("EUR"));
}
