use super::table::{Row, Table};
use super::tables::{BASE_IMAGES, GPU_DRIVERS, MIG, REGIONS, RETIREMENTS, ROLES, VM_SIZES};
use super::{plain_family, tables, vm_size};

/// Every row that is about a name: the rows with this key, the images of an OS key or of a
/// `publisher:offer:sku`, the role of an ID, the region of a display name, the sizes of a family or with a GPU, what is
/// known of that GPU, and the ends of a subject or of the family of a size. The first cells of the tables that are
/// read in order are types, and not names.
pub(crate) fn rows_about(name: &str) -> Vec<(Table, Row)> {
    let mut found: Vec<(Table, Row)> = Vec::new();
    let mut add = |table: Table, row: Row| {
        if !found.iter().any(|(known, of)| known.name() == table.name() && of.key() == row.key()) {
            found.push((table, row));
        }
    };
    for table in tables().filter(|table| table.has_keys()) {
        table.find(name).into_iter().for_each(|row| add(table, row));
    }
    let same = |cell: &str| cell.eq_ignore_ascii_case(name);
    for row in BASE_IMAGES.rows() {
        let [key, publisher, offer, sku] = row.cells();
        let os = key.split('/').next().unwrap_or_default();
        if same(os) || same(&format!("{publisher}:{offer}:{sku}")) {
            add(BASE_IMAGES, row);
        }
    }
    for row in ROLES.rows().filter(|row| same(row.cells::<2>()[1])) {
        add(ROLES, row);
    }
    let short: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    REGIONS.find(&short).into_iter().for_each(|row| add(REGIONS, row));
    let family = vm_size(name).map(|size| size.family.replace(' ', ""));
    for row in RETIREMENTS.rows() {
        let subject = row.key().split_once(':').map_or("", |(_, subject)| subject);
        let of_size = family.as_ref().is_some_and(|family| subject.eq_ignore_ascii_case(family));
        if same(subject) || of_size {
            add(RETIREMENTS, row);
        }
    }
    let plain = plain_family(name);
    for row in VM_SIZES.rows() {
        let [_, family, .., model] = row.cells::<6>();
        if plain_family(family) == plain || is_gpu(model, name) {
            add(VM_SIZES, row);
        }
    }
    for table in [GPU_DRIVERS, MIG] {
        table.rows().filter(|row| is_gpu(row.key(), name)).for_each(|row| add(table, row));
    }
    // A size comes before what ends it.
    found.sort_by_key(|(table, _)| table.name() != VM_SIZES.name());
    found
}

/// Whether a name is that of a GPU, whole or without its maker and memory: `T4` of `NVIDIA T4 16GB`.
fn is_gpu(model: &str, name: &str) -> bool {
    let words =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_lowercase).collect() };
    let (model, name) = (words(model), words(name));
    let has_number = name.iter().any(|word| word.contains(|letter: char| letter.is_ascii_digit()));
    let is_memory = name.len() == 1 && name[0].ends_with("gb");
    has_number && !is_memory && model.windows(name.len()).any(|part| part == name)
}
