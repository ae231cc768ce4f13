//! F1 to F5, F9, S6 and S7: the six lists, their colours, and the sum of all frames.

use super::{Audit, Corruption};
use crate::MemoryManager;
use crate::frame::{COLORS, Color, END_OF_LIST, Flags, FrameRun, Location, Mmpfn};
use crate::layout::FrameNumber;
use crate::machine::Machine;

const LISTS: [Location; 6] =
    [Location::Zeroed, Location::Free, Location::Standby, Location::Modified, Location::ModifiedNoWrite, Location::Bad];

impl<M: Machine> MemoryManager<M> {
    pub(super) fn verify_lists(&self, audit: &mut Audit) -> Result<(), Corruption> {
        let mut listed = 0;
        for location in LISTS {
            self.verify_list(location)?;
            listed += self.list_length(location);
        }
        for run in self.frames.runs() {
            audit.frames += run.count;
            for frame in run.frames() {
                // Most frames of a large machine.
                if !self.frame(frame).is_quiet() {
                    self.verify_frame(frame, audit)?;
                }
            }
        }
        let available =
            self.list_length(Location::Zeroed) + self.list_length(Location::Free) + self.list_length(Location::Standby);
        let counted = listed + audit.active + audit.transition;
        if counted != audit.frames || available != self.available_frames() {
            return Err(Corruption::F5 { counted, frames: audit.frames });
        }
        Ok(())
    }

    fn verify_list(&self, location: Location) -> Result<(), Corruption> {
        let list = self.frames.list(location);
        let partitioned = matches!(location, Location::Zeroed | Location::Free);
        let mut cursors: [u32; COLORS] = core::array::from_fn(|color| {
            self.frames.colored(location, Color(color as u32)).map_or(END_OF_LIST, |colored| colored.flink.get())
        });
        let mut previous = [END_OF_LIST; COLORS];
        let (mut at, mut before, mut counted) = (list.flink.get(), END_OF_LIST, 0);
        let mut run = FrameRun::EMPTY;
        // `counted` never passes the recorded length by more than one, so a cycle ends too.
        while at != END_OF_LIST && counted <= list.total.get() {
            let number = FrameNumber(at);
            if !run.contains(number) {
                let found = self.frames.runs().iter().find(|run| run.contains(number));
                run = *found.ok_or(Corruption::F2(location as u32))?;
            }
            let frame = self.frame(number);
            if frame.location() != location || frame.reference_count.get() != 0 {
                return Err(Corruption::F1(number));
            }
            if frame.u2.get() != before {
                return Err(Corruption::F2(location as u32));
            }
            let color = Color::of(number).0 as usize;
            if partitioned {
                if cursors[color] != at || frame.original_pte.high.get() != previous[color] {
                    return Err(Corruption::F3(number));
                }
                (cursors[color], previous[color]) = (frame.original_pte.low.get(), at);
            }
            (before, at, counted) = (at, frame.u1.get(), counted + 1);
        }
        let colored: u32 = (0..COLORS as u32)
            .filter_map(|color| self.frames.colored(location, Color(color)))
            .map(|list| list.count.get())
            .sum();
        if counted != list.total.get() || list.blink.get() != before || partitioned && colored != counted {
            return Err(Corruption::F2(location as u32));
        }
        match cursors.iter().find(|cursor| **cursor != END_OF_LIST) {
            Some(cursor) => Err(Corruption::F3(FrameNumber(*cursor))),
            None => Ok(()),
        }
    }

    /// F8, when all transition PTEs are counted. Each names a frame whose record names it, so equal numbers are enough.
    pub(super) fn verify_parked(&self, audit: &Audit) -> Result<(), Corruption> {
        let listed =
            [Location::Standby, Location::Modified, Location::ModifiedNoWrite].map(|list| self.list_length(list));
        let frames = listed.iter().sum::<u32>() + audit.transition - audit.deleted;
        if frames == audit.parked { Ok(()) } else { Err(Corruption::F8 { frames, found: audit.parked }) }
    }

    /// G4, when all entries that name a place in a paging file are counted. What page tables in paging files name is not known.
    pub(super) fn verify_places(&self, audit: &Audit) -> Result<(), Corruption> {
        let (found, recorded) = (audit.places, self.slots_taken());
        let sound = if audit.hidden + self.lost_tables.get() == 0 { found == recorded } else { found <= recorded };
        if sound { Ok(()) } else { Err(Corruption::G4 { found, recorded }) }
    }

    /// G4 for one frame: the place that its record names, and the one that it is being written to.
    fn count_places(&self, frame: &Mmpfn, audit: &mut Audit) -> Result<(), Corruption> {
        if matches!(frame.location(), Location::Zeroed | Location::Free | Location::Bad) {
            return Ok(());
        }
        let to_come = frame.flags().contains(Flags::WRITE_IN_PROGRESS) && !self.is_file_page(frame);
        audit.places += u32::from(to_come);
        if let Some(place) = frame.place_in_paging_file() {
            audit.places += 1;
            if !self.slot_is_taken(place.file, place.offset) {
                return Err(Corruption::G4 { found: place.offset, recorded: 0 });
            }
        }
        Ok(())
    }

    /// F4, F9, S6 and S7 for one frame.
    fn verify_frame(&self, number: FrameNumber, audit: &mut Audit) -> Result<(), Corruption> {
        let frame = self.frame(number);
        if frame.flags().contains(Flags::WRITE_IN_PROGRESS) && !self.write_is_sound(frame) {
            return Err(Corruption::S6(number));
        }
        self.count_places(frame, audit)?;
        let marks = frame.flags() & (Flags::PARITY_ERROR | Flags::REMOVAL_REQUESTED);
        let marks_are_sound = match frame.location() {
            Location::Bad => !marks.is_empty(),
            Location::Zeroed | Location::Free => marks.is_empty(),
            _ => !marks.contains(Flags::PARITY_ERROR),
        };
        if !marks_are_sound {
            return Err(Corruption::F9(number));
        }
        let no_write = frame.location() == Location::ModifiedNoWrite;
        if (no_write || frame.location() == Location::Modified) && self.is_written_by_owner(frame) != no_write {
            return Err(Corruption::S7(number));
        }
        audit.awe += u32::from(frame.is_awe());
        audit.large_frames += u32::from(frame.is_large());
        let referenced = frame.reference_count.get() > 0;
        let sound = match frame.location() {
            Location::Active => {
                audit.active += 1;
                referenced && frame.share_count() > 0
            }
            Location::Transition => {
                audit.transition += 1;
                audit.deleted += u32::from(frame.is_deleted());
                referenced && frame.share_count() == 0
            }
            _ => !referenced && !frame.is_fixed() && !frame.flags().contains(Flags::READ_IN_PROGRESS),
        };
        if sound { Ok(()) } else { Err(Corruption::F4(number)) }
    }

    /// S6: a reference beyond the one that its shares hold.
    fn write_is_sound(&self, frame: &Mmpfn) -> bool {
        let shares = u16::from(frame.location() == Location::Active);
        frame.reference_count.get() > shares && !frame.flags().contains(Flags::READ_IN_PROGRESS)
    }
}
