//! What QEMU's log says of each block of instructions that it executes, with `-d exec,nochain,in_asm,int`.
//!
//! A block is told once in full, when it is translated, and from then on by the address of its translation. Under `-icount` what was
//! executed can be told to the instruction: a block ends early where an instruction faults (the line of the exception has its address) or
//! where a device is touched (the block was rewound to there), and is not begun at all where the count ran out before it.

use std::collections::HashMap;
use std::rc::Rc;

/// A block of instructions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Where each instruction is.
    pub addresses: Vec<u32>,
    /// Whether the last one reads the time-stamp counter.
    pub reads_counter: bool,
}

/// So many of a block's first instructions were executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The block.
    pub block: Rc<Block>,
    /// How many.
    pub count: u32,
}

impl Execution {
    /// Whether all of it was executed, the last instruction too.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.count as usize == self.block.addresses.len()
    }
}

/// Reads the log line by line.
#[derive(Debug, Default)]
pub struct Reader {
    /// The block that is being told, and the one that was told last, until it is met under its translation's address.
    told: Option<Block>,
    by_translation: HashMap<u64, (u32, Rc<Block>)>,
    /// What was begun last.
    begun: Option<Execution>,
    /// The next exception is an interrupt of a device's, which comes between blocks.
    from_device: bool,
}

impl Reader {
    /// Takes a line; what is now known to have been executed.
    pub fn line(&mut self, line: &[u8]) -> Option<Execution> {
        if let Some(rest) = line.strip_prefix(b"0x") {
            self.instruction(rest);
        } else if line.starts_with(b"IN:") {
            self.told = Some(Block::default());
        } else if let Some(rest) = line.strip_prefix(b"Trace ") {
            return self.begin(rest);
        } else if line.starts_with(b"Stopped execution of TB chain before") {
            self.begun = None;
        } else if line.starts_with(b"Servicing hardware INT") {
            self.from_device = true;
        } else if let Some(address) = line.strip_prefix(b"cpu_io_recompile: rewound execution of TB to ") {
            self.cut(hexadecimal(address).0);
        } else if let Some(address) = exception(line) {
            match std::mem::take(&mut self.from_device) {
                true => {}
                false => self.cut(address),
            }
        }
        None
    }

    /// What was begun last, when nothing follows.
    pub fn end(&mut self) -> Option<Execution> {
        self.begun.take()
    }

    /// `0xADDRESS:  BYTES  MNEMONIC ...`. The bytes of a long instruction go on in lines without a mnemonic.
    fn instruction(&mut self, rest: &[u8]) {
        let (address, rest) = hexadecimal(rest);
        let Some(told) = &mut self.told else { return };
        let mut words = rest.split(|byte| byte.is_ascii_whitespace() || *byte == b':').filter(|word| !word.is_empty());
        let is_byte = |word: &&[u8]| word.len() == 2 && word.iter().all(u8::is_ascii_hexdigit);
        if let Some(mnemonic) = words.find(|word| !is_byte(word)) {
            told.addresses.push(address as u32);
            told.reads_counter = mnemonic == b"rdtsc";
        }
    }

    /// `0: 0xTRANSLATION [CODE-BASE/ADDRESS/FLAGS/FLAGS] NAME`.
    fn begin(&mut self, rest: &[u8]) -> Option<Execution> {
        let done = self.begun.take();
        let at = rest.windows(2).position(|window| window == b"0x")?;
        let (translation, rest) = hexadecimal(&rest[at + 2..]);
        let slash = rest.iter().position(|byte| *byte == b'/')?;
        let address = hexadecimal(&rest[slash + 1..]).0 as u32;
        match self.told.take() {
            Some(block) => {
                self.by_translation.insert(translation, (address, Rc::new(block)));
            }
            None => self.told = None,
        }
        if let Some((start, block)) = self.by_translation.get(&translation)
            && *start == address
        {
            let count = u32::try_from(block.addresses.len()).unwrap_or(u32::MAX);
            self.begun = Some(Execution { block: Rc::clone(block), count });
        }
        done
    }

    /// The instruction at `address`, and what follows it in its block, was not executed.
    fn cut(&mut self, address: u64) {
        if let Some(begun) = &mut self.begun
            && let Some(index) = begun.block.addresses.iter().position(|at| u64::from(*at) == address)
        {
            begun.count = u32::try_from(index).unwrap_or(u32::MAX);
        }
    }
}

/// A hexadecimal number, and what follows it.
fn hexadecimal(text: &[u8]) -> (u64, &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let value = text[..digits].iter().fold(0_u64, |value, byte| {
        let digit = (*byte as char).to_digit(16).unwrap_or(0);
        value.wrapping_shl(4) | u64::from(digit)
    });
    (value, &text[digits..])
}

/// Exceptions that QEMU knows of when it translates, an invalid instruction and one that needs the coprocessor: the attempt counts.
const COUNTED: [&str; 2] = ["06", "07"];

/// Where the instruction is that faulted, in `  0: v=0e e=0006 i=0 cpl=3 IP=001b:00401234 pc=00401234 ...`. `None` where it counts as
/// executed: it is one of those, or an interrupt by an instruction.
fn exception(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace();
    words.next()?.strip_suffix(':')?;
    let vector = words.next()?.strip_prefix("v=")?;
    let mut field = |key: &str| words.find_map(|word| word.strip_prefix(key));
    if field("i=")? != "0" || COUNTED.contains(&vector) {
        return None;
    }
    u64::from_str_radix(field("pc=")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses of what was executed, by the lines of a log.
    fn executed(log: &str) -> Vec<Vec<u32>> {
        let mut reader = Reader::default();
        let mut all: Vec<Execution> = log.lines().filter_map(|line| reader.line(line.as_bytes())).collect();
        all.extend(reader.end());
        all.into_iter().map(|done| done.block.addresses[..done.count as usize].to_vec()).collect()
    }

    const BLOCK: &str = "----------------
IN: 
0x00401000:  89 c3                    movl     %eax, %ebx
0x00401002:  c7 05 00 20 40 00 01 00  movl     $1, 0x402000
0x0040100a:  00 00 
0x0040100c:  0f 31                    rdtsc    

Trace 0: 0x7f0000000100 [00000000/00401000/0040c2b3/ff000000] 
";
    const AGAIN: &str = "Trace 0: 0x7f0000000100 [00000000/00401000/0040c2b3/ff000000] \n";
    const ALL: [u32; 3] = [0x40_1000, 0x40_1002, 0x40_100c];

    #[test]
    fn a_block_is_known_again_by_its_translation() {
        assert_eq!(executed(&format!("{BLOCK}{AGAIN}")), [ALL, ALL]);
        let mut reader = Reader::default();
        BLOCK.lines().for_each(|line| assert_eq!(reader.line(line.as_bytes()), None));
        assert!(reader.end().is_some_and(|done| done.is_whole() && done.block.reads_counter));
    }

    #[test]
    fn a_block_ends_before_the_instruction_that_faults() {
        let fault = "     3: v=0e e=0006 i=0 cpl=3 IP=001b:00401002 pc=00401002 SP=0023:0012ff00 CR2=00402000\n";
        assert_eq!(executed(&format!("{BLOCK}{fault}{AGAIN}")), [&ALL[..1], &ALL[..]]);
        let rewound = "cpu_io_recompile: rewound execution of TB to 0040100c\n";
        assert_eq!(executed(&format!("{BLOCK}{rewound}")), [&ALL[..2]]);
    }

    #[test]
    fn interrupts_and_faults_that_are_translated_end_no_block() {
        let coprocessor = "     3: v=07 e=0000 i=0 cpl=3 IP=001b:0040100c pc=0040100c SP=0023:0012ff00 EAX=00000011\n";
        assert_eq!(executed(&format!("{BLOCK}{coprocessor}{AGAIN}")), [ALL, ALL]);
        let own = "     3: v=2e e=0000 i=1 cpl=3 IP=001b:00401002 pc=00401002 SP=0023:0012ff00 EAX=00000011\n";
        assert_eq!(executed(&format!("{BLOCK}{own}")), [ALL]);
        let device =
            "Servicing hardware INT=0x30\n     4: v=30 e=0000 i=0 cpl=3 IP=001b:00401000 pc=00401000 SP=0023:0 EAX=0\n";
        assert_eq!(executed(&format!("{BLOCK}{device}")), [ALL]);
    }

    #[test]
    fn a_block_that_was_not_begun_was_not_executed() {
        let stopped = "Stopped execution of TB chain before 0x7f0000000100 [00401000] \n";
        assert_eq!(executed(&format!("{BLOCK}{stopped}{AGAIN}")), [ALL]);
    }

    #[test]
    fn a_shorter_translation_of_the_same_place_is_another_block() {
        let shorter = "IN: \n0x00401000:  89 c3  movl %eax, %ebx\n\nTrace 0: 0x7f0000000200 [0/00401000/0/ff000001] \n";
        assert_eq!(executed(&format!("{BLOCK}{shorter}{AGAIN}")), [&ALL[..], &ALL[..1], &ALL[..]]);
    }
}
