//! G1 to G3: the audit of the paging files.

use super::words;
use crate::MemoryManager;
use crate::machine::Machine;
use crate::verify::Corruption;

impl<M: Machine> MemoryManager<M> {
    /// Checks G1 to G3: what can be told without knowing who has which page.
    ///
    /// # Errors
    /// The first that is wrong.
    pub fn verify_paging_files(&self) -> Result<(), Corruption> {
        let (mut taken, mut free, mut sizes) = (0, 0, 0);
        for file in self.paging_files() {
            let record = self.machine.record(file.record);
            let map = self.bitmap(record);
            let (within, all) = (map.count_within(), map.count(words(file.maximum)));
            if !map.is_set(0) || within != file.current + self.in_quarantine(file.number) + 1 || all != within {
                return Err(Corruption::G1 { file: file.number, found: all, recorded: file.current });
            }
            let sizes_agree = self.machine.record(record.bitmap.get()).size_of_bit_map.get() == file.size
                && file.free + file.current + 1 == file.size
                && (file.minimum..=file.maximum).contains(&file.size);
            if !sizes_agree || file.current > file.peak {
                return Err(Corruption::G2 { file: file.number });
            }
            taken += file.current;
            free += file.free;
            sizes += file.size;
        }
        if (taken, free) != (self.slots_taken(), self.free_slots()) {
            return Err(Corruption::G1 { file: u32::MAX, found: taken, recorded: self.slots_taken() });
        }
        let (found, recorded) = (self.commit.memory_limit() + sizes, self.commit.limit());
        if found != recorded {
            return Err(Corruption::G3 { found, recorded });
        }
        Ok(())
    }
}
