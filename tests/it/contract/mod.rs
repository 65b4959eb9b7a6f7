//! What the contract promises, line by line; `docs/contract.md` has the numbers.

mod g01_durable;
mod g02_one_outcome;
mod g03_deadline;
mod g04_no_default;
mod g05_matrix;
mod g05_right_person;
mod g06_waking;
mod g07_only_the_truth;
mod g08_waiting_is_free;
mod g09_one_owner;
mod g10_no_ghosts;
mod g11_no_silent_gap;
mod g12_no_slow_neighbour;
mod g13_drain;
mod g13_rolling;
mod g14_without_redis;
mod g15_without_postgres;
mod g16_overload;
mod g18_on_record;
mod g19_row_walls;
mod g19_walls;
mod g20_bad_input;
mod g20_secrets;
