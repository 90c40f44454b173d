//! Power that is cut at a random moment of a bake. `PREBAKE_BOOT_CUTS` says how often, `PREBAKE_BOOT_SEED`
//! repeats a run.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::bake::plans;

use super::{bakes, image, machines_boot};

const STEPS: [&str; 8] =
    ["prepare", "docker", "step-1", "login", "preload", "verify", "clean", "deprovision"];

#[test]
fn power_that_is_cut_at_random_never_leaves_a_dirty_image() {
    if !machines_boot() {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let seed = number("PREBAKE_BOOT_SEED").unwrap_or(now.as_secs());
    let cuts = number("PREBAKE_BOOT_CUTS").unwrap_or(5);
    eprintln!("{cuts} random cuts: PREBAKE_BOOT_SEED={seed}");
    let mut random = Random(seed);
    for cut in 1..=cuts {
        let step = STEPS[usize::try_from(random.below(STEPS.len() as u64)).expect("it is small")];
        let delay = Duration::from_millis(random.below(2500));
        let mut machine = bakes::builder(&bakes::cpu(&[plans::packages(&["slow-1", "slow-2"])]));
        machine.switch_on();
        machine.wait_for(&format!("PREBAKE-STEP {step} started"));
        std::thread::sleep(delay);
        machine.cut_power();
        let end = machine.bake();
        eprintln!("cut {cut}: {} ms into {step}: {end:?}", delay.as_millis());
        image::assert_clean(&machine, end);
    }
}

/// `SplitMix64`, by Sebastiano Vigna: a small generator whose whole state is the seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
