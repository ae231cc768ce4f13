//! Priority classes: what Win32 calls the priority of a process.
//!
//! Source: `winbase.h` and `PROCESS_PRIORITY_CLASS` of the XP generation; base priorities as Windows documents them.

/// A class, under NT's number.
#[doc(alias = "PROCESS_PRIORITY_CLASS")]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriorityClass {
    Unknown = 0,
    Idle = 1,
    Normal = 2,
    High = 3,
    RealTime = 4,
    BelowNormal = 5,
    AboveNormal = 6,
}

const CLASSES: [(PriorityClass, u8); 7] = [
    (PriorityClass::Unknown, 8),
    (PriorityClass::Idle, 4),
    (PriorityClass::Normal, 8),
    (PriorityClass::High, 13),
    (PriorityClass::RealTime, 24),
    (PriorityClass::BelowNormal, 6),
    (PriorityClass::AboveNormal, 10),
];

impl PriorityClass {
    /// The class of this number, where there is one.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        CLASSES.get(usize::from(number)).map(|(class, _)| *class)
    }

    /// What the child of a process of class `parent` starts with: only low classes are handed down.
    pub(crate) fn inherited(parent: u8) -> Self {
        match Self::from_number(parent) {
            Some(low @ (Self::Idle | Self::BelowNormal)) => low,
            _ => Self::Normal,
        }
    }

    /// Where its threads start, 0 to 31.
    pub(crate) fn base_priority(self) -> u8 {
        CLASSES[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_stand_at_their_numbers_with_their_priorities() {
        for (number, (class, priority)) in (0..).zip(CLASSES) {
            assert_eq!((class as u8, class.base_priority()), (number, priority));
            assert_eq!(PriorityClass::from_number(number), Some(class));
        }
        assert_eq!(PriorityClass::from_number(7), None);
    }

    #[test]
    fn children_of_low_classes_are_low_and_all_others_normal() {
        let children: Vec<u8> = (0..=7).map(|parent| PriorityClass::inherited(parent) as u8).collect();
        assert_eq!(children, [2, 1, 2, 2, 2, 5, 2, 2]);
    }
}
