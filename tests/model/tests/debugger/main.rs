//! The debugger's commands on a machine in software: whole listings against what they should say.

mod breakpoints;
mod damage;
mod environment;
mod listings;
mod memory;
mod notepad;
mod objects;
mod stage;
mod translation;
mod truth;
mod types;
