# The store limit of docs/abi.md: a global, which C has no words for. The build exports it as isopod:limit.
	.globaltype	store_limit, i32
store_limit:

	.globl	raise_store_limit
	.type	raise_store_limit,@function
raise_store_limit:
	.functype	raise_store_limit (i32) -> ()
	local.get	0
	global.set	store_limit
	end_function

	.globl	store_limit
