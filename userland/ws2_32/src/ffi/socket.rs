//! Windows Sockets without a network: a program that starts them is told that there are none, as on a Windows whose network is
//! not ready, and every other call that it did not start them.

use user_ffi::teb;
use user_support::network::parse_address;

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

/// An address of the form 1.2.3.4, in the order of the network; all bits set for what is none. One part fewer makes the last one wider.
///
/// # Safety
/// `text` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn inet_addr(text: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    parse_address(unsafe { user_ffi::c_string(text) }).map_or(ERROR, u32::swap_bytes)
}

/// Whether a socket is in a set: its handle among those that follow the count.
///
/// # Safety
/// `set` points to an `fd_set`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn __WSAFDIsSet(socket: u32, set: *const u32) -> u32 {
    // SAFETY: the caller's promise.
    let count = unsafe { set.read_unaligned() } as usize;
    // SAFETY: the caller's promise: so many words follow.
    u32::from((1..=count).any(|index| unsafe { set.wrapping_add(index).read_unaligned() } == socket))
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
    WSAAsyncSelect(socket, window, message, events) -> ERROR;
    WSACloseEvent(event) -> 0;
    WSACreateEvent() -> 0;
    WSADuplicateSocketW(socket, process, information) -> ERROR;
    WSAEnumNetworkEvents(socket, event, events) -> ERROR;
    WSAEventSelect(socket, event, events) -> ERROR;
    WSAIoctl(socket, code, input, length, output, room, returned, overlapped, routine) -> ERROR;
    WSARecv(socket, buffers, count, received, flags, overlapped, routine) -> ERROR;
    WSARecvFrom(socket, buffers, count, received, flags, from, length, overlapped, routine) -> ERROR;
    WSASend(socket, buffers, count, sent, flags, overlapped, routine) -> ERROR;
    WSASendTo(socket, buffers, count, sent, flags, to, length, overlapped, routine) -> ERROR;
    WSASocketA(family, kind, protocol, information, group, flags) -> ERROR;
    WSASocketW(family, kind, protocol, information, group, flags) -> ERROR;
    freeaddrinfo(list) -> 0;
    getaddrinfo(name, service, hints, list) -> NOT_INITIALISED;
    getnameinfo(address, length, host, host_room, service, service_room, flags) -> NOT_INITIALISED;
    gethostbyaddr(address, length, family) -> 0;
    gethostbyname(name) -> 0;
    gethostname(name, length) -> ERROR;
    getpeername(socket, address, length) -> ERROR;
    getprotobyname(name) -> 0;
    getprotobynumber(number) -> 0;
    getservbyname(name, protocol) -> 0;
    getservbyport(port, protocol) -> 0;
    getsockname(socket, address, length) -> ERROR;
    getsockopt(socket, level, option, value, length) -> ERROR;
    ioctlsocket(socket, command, argument) -> ERROR;
    listen(socket, backlog) -> ERROR;
    recv(socket, buffer, length, flags) -> ERROR;
    recvfrom(socket, buffer, length, flags, from, from_length) -> ERROR;
    select(count, read, write, exceptions, timeout) -> ERROR;
    send(socket, buffer, length, flags) -> ERROR;
    sendto(socket, buffer, length, flags, to, to_length) -> ERROR;
    inet_ntoa(address) -> 0;
    setsockopt(socket, level, option, value, length) -> ERROR;
    shutdown(socket, how) -> ERROR;
    socket(family, kind, protocol) -> ERROR;
}
