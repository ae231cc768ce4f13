//! What a channel needs of the machine: ports, time, and waiting.

/// The I/O ports of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The first of the eight registers of the drives.
    pub command: u16,
    /// The device control register, which reads as the alternate status.
    pub control: u16,
    /// The first of the channel's eight bus-master registers, where the controller has them.
    pub bus_master: Option<u16>,
}

/// The machine that a channel is part of.
pub trait Machine {
    /// Reads a byte from `port`. What a device has written to memory before is seen after it.
    fn read_u8(&self, port: u16) -> u8;

    /// Writes a byte to `port`, when everything written to memory before is there for a device to read.
    fn write_u8(&self, port: u16, value: u8);

    /// Reads a 16-bit word from `port`.
    fn read_u16(&self, port: u16) -> u16;

    /// Writes a 16-bit word to `port`.
    fn write_u16(&self, port: u16, value: u16);

    /// Writes a 32-bit word to `port`.
    fn write_u32(&self, port: u16, value: u32);

    /// A number that changes once a second or so, whether interrupts come or not.
    fn clock(&self) -> u64;

    /// The channel whose interrupt line is `line` is at work: lets somebody else run until it has interrupted, or a moment at
    /// most. Where nobody else can run it returns at once.
    fn pause(&self, line: Option<u8>);

    /// Whether other threads can run in [`Self::pause`]. Where they cannot, a channel in use is one that somebody left for
    /// good: the system is stopping.
    fn others_can_run(&self) -> bool;

    /// Lets others run until the one who uses what `token` names has called [`Self::wake`], or a moment at most.
    fn wait_for_turn(&self, token: usize);

    /// A disk goes on without DMA.
    fn gives_up_dma(&self);

    /// Ends the waits for `token`.
    fn wake(&self, token: usize);
}
