//! The imports of docs/abi.md. All are unsafe to call. The rest of the crate wraps those that most
//! guests need.

#[link(wasm_import_module = "actor")]
extern "C" {
    pub fn send(lo: u32, hi: u32, tag: i32, ptr: *const u8, len: usize) -> i32;
    pub fn recv(info: *mut u8, ptr: *mut u8, cap: usize, timeout: i32) -> i32;
    pub fn recv_tag(info: *mut u8, ptr: *mut u8, cap: usize, timeout: i32, tag: i32) -> i32;
    pub fn recv_match(info: *mut u8, ptr: *mut u8, cap: usize, timeout: i32, predicate: i32) -> i32;
    pub fn park() -> i32;
    pub fn window(info: *mut u8, ptr: *mut u8, cap: usize);
    pub fn self_lo() -> u32;
    pub fn self_hi() -> u32;
    pub fn args(ptr: *mut u8, cap: usize) -> usize;
    pub fn exit(reason: i32, ptr: *const u8, len: usize) -> !;
    pub fn spawn(name: *const u8, name_len: usize, entry: *const u8, entry_len: usize, args: *const u8, args_len: usize, flags: i32, result: *mut u8) -> i32;
    pub fn parent(result: *mut u64) -> i32;
    pub fn link(lo: u32, hi: u32) -> i32;
    pub fn unlink(lo: u32, hi: u32) -> i32;
    pub fn trap_exit(on: i32) -> i32;
    pub fn exit_to(lo: u32, hi: u32, reason: i32, ptr: *const u8, len: usize) -> i32;
    pub fn monitor(lo: u32, hi: u32) -> i32;
    pub fn demonitor(reference: i32, flush: i32) -> i32;
    pub fn request(lo: u32, hi: u32, tag: i32, ptr: *const u8, len: usize) -> i32;
    pub fn delegate(lo: u32, hi: u32, reference: i32, to_lo: u32, to_hi: u32, tag: i32, ptr: *const u8, len: usize) -> i32;
    pub fn make_ref() -> i32;
    pub fn drop_ref(reference: i32) -> i32;
    pub fn ask(name: *const u8, name_len: usize, ptr: *const u8, len: usize) -> i32;
    pub fn send_after(delay: u32, lo: u32, hi: u32, tag: i32, ptr: *const u8, len: usize) -> i32;
    pub fn cancel_timer(reference: i32) -> i32;
    pub fn register(name: *const u8, len: usize, lo: u32, hi: u32) -> i32;
    pub fn unregister(name: *const u8, len: usize) -> i32;
    pub fn whereis(name: *const u8, len: usize, result: *mut u64) -> i32;
    pub fn send_named(name: *const u8, len: usize, tag: i32, ptr: *const u8, payload_len: usize) -> i32;
    pub fn join(group: *const u8, len: usize) -> i32;
    pub fn leave(group: *const u8, len: usize) -> i32;
    pub fn members(group: *const u8, len: usize, result: *mut u64, cap: usize) -> i32;
    pub fn broadcast(group: *const u8, len: usize, tag: i32, ptr: *const u8, payload_len: usize) -> i32;
    pub fn now() -> f64;
    pub fn epoch() -> f64;
    pub fn log(level: i32, ptr: *const u8, len: usize) -> i32;
}
