//! Windows Sockets without a network: a program that starts them is told that there are none, as on a Windows whose network is
//! not ready, and every other call that it did not start them.

use user_ffi::teb;

/// `WSASYSNOTREADY` and `WSANOTINITIALISED`.
const NOT_READY: u32 = 10091;
const NOT_INITIALISED: u32 = 10093;
/// `SOCKET_ERROR` and `INVALID_SOCKET`.
const ERROR: u32 = 0xFFFF_FFFF;

/// Says that there is no network.
#[unsafe(no_mangle)]
pub extern "system" fn WSAStartup(_version: u16, _data: u32) -> u32 {
    NOT_READY
}

/// The last error of the thread, which is that of Win32.
#[unsafe(no_mangle)]
pub extern "system" fn WSAGetLastError() -> u32 {
    teb().last_error()
}

/// Sets it.
#[unsafe(no_mangle)]
pub extern "system" fn WSASetLastError(error: u32) {
    teb().set_last_error(error);
}

/// A long number in the order of the network.
#[unsafe(no_mangle)]
pub extern "system" fn htonl(number: u32) -> u32 {
    number.swap_bytes()
}

/// A short one.
#[unsafe(no_mangle)]
pub extern "system" fn htons(number: u16) -> u16 {
    number.swap_bytes()
}

/// A long number from the network.
#[unsafe(no_mangle)]
pub extern "system" fn ntohl(number: u32) -> u32 {
    number.swap_bytes()
}

/// A short one.
#[unsafe(no_mangle)]
pub extern "system" fn ntohs(number: u16) -> u16 {
    number.swap_bytes()
}

macro_rules! refused {
    ($($name:ident($($argument:ident),*) -> $answer:expr;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`: refused.")]
        #[unsafe(no_mangle)]
        pub extern "system" fn $name($($argument: u32),*) -> u32 {
            $(let _ = $argument;)*
            teb().set_last_error(NOT_INITIALISED);
            $answer
        }
    )*};
}

refused! {
    WSACleanup() -> ERROR;
    accept(socket, address, length) -> ERROR;
    bind(socket, address, length) -> ERROR;
    closesocket(socket) -> ERROR;
    connect(socket, address, length) -> ERROR;
    gethostbyname(name) -> 0;
    gethostname(name, length) -> ERROR;
    getsockname(socket, address, length) -> ERROR;
    getsockopt(socket, level, option, value, length) -> ERROR;
    ioctlsocket(socket, command, argument) -> ERROR;
    listen(socket, backlog) -> ERROR;
    recv(socket, buffer, length, flags) -> ERROR;
    select(count, read, write, exceptions, timeout) -> ERROR;
    send(socket, buffer, length, flags) -> ERROR;
    setsockopt(socket, level, option, value, length) -> ERROR;
    shutdown(socket, how) -> ERROR;
    socket(family, kind, protocol) -> ERROR;
}
