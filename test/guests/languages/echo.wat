;; Debian clang version 14.0.6
(module
 (type $0 (func))
 (type $1 (func (param i32 i32 i32 i32) (result i32)))
 (type $2 (func (result i32)))
 (type $3 (func (param i32 i32 i32 i32 i32) (result i32)))
 (import "env" "memory" (memory $mimport$0 1))
 (import "actor" "recv" (func $actor_recv (param i32 i32 i32 i32) (result i32)))
 (import "actor" "park" (func $actor_park (result i32)))
 (import "actor" "send" (func $actor_send (param i32 i32 i32 i32 i32) (result i32)))
 (global $__stack_pointer (mut i32) (i32.const 16384))
 (global $global$1 i32 (i32.const 16384))
 (data $.data (i32.const 16384) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\000@\00\00\00\01\00\00")
 (table $0 1 1 funcref)
 (export "run" (func $run))
 (export "__global_base" (global $global$1))
 (start $__wasm_init_memory)
 (func $__wasm_init_memory
  (memory.fill
   (i32.const 16432)
   (i32.const 0)
   (i32.const 256)
  )
 )
 (func $run
  (local $0 i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 i64)
  (loop $label1
   (local.set $0
    (i32.load offset=16420
     (i32.const 0)
    )
   )
   (local.set $1
    (i32.load offset=16416
     (i32.const 0)
    )
   )
   (local.set $2
    (i32.const -1)
   )
   (block $block2
    (loop $label
     (block $block
      (br_if $block
       (i32.ne
        (local.tee $0
         (call $actor_recv
          (i32.const 16384)
          (local.get $1)
          (local.get $0)
          (local.get $2)
         )
        )
        (i32.const -2)
       )
      )
      (local.set $0
       (call $actor_park)
      )
     )
     (block $block1
      (br_if $block1
       (i32.le_s
        (local.get $0)
        (local.tee $1
         (i32.load offset=16420
          (i32.const 0)
         )
        )
       )
      )
      (br_if $block2
       (i32.eq
        (local.tee $1
         (memory.grow
          (i32.shr_u
           (local.tee $0
            (i32.add
             (select
              (local.get $0)
              (local.tee $1
               (i32.shl
                (local.get $1)
                (i32.const 1)
               )
              )
              (i32.lt_u
               (local.get $1)
               (local.get $0)
              )
             )
             (i32.const 65535)
            )
           )
           (i32.const 16)
          )
         )
        )
        (i32.const -1)
       )
      )
      (local.set $2
       (i32.const 0)
      )
      (i32.store offset=16420
       (i32.const 0)
       (local.tee $0
        (i32.and
         (local.get $0)
         (i32.const -65536)
        )
       )
      )
      (i32.store offset=16416
       (i32.const 0)
       (local.tee $1
        (i32.shl
         (local.get $1)
         (i32.const 16)
        )
       )
      )
      (br $label)
     )
    )
    (block $block3
     (br_if $block3
      (i32.eqz
       (local.tee $1
        (i32.load offset=16400
         (i32.const 0)
        )
       )
      )
     )
     (drop
      (call $actor_send
       (i32.wrap_i64
        (local.tee $3
         (i64.load offset=16392
          (i32.const 0)
         )
        )
       )
       (i32.wrap_i64
        (i64.shr_u
         (local.get $3)
         (i64.const 32)
        )
       )
       (local.get $1)
       (i32.load offset=16416
        (i32.const 0)
       )
       (local.get $0)
      )
     )
     (br $label1)
    )
    (drop
     (call $actor_send
      (i32.wrap_i64
       (local.tee $3
        (i64.load offset=16392
         (i32.const 0)
        )
       )
      )
      (i32.wrap_i64
       (i64.shr_u
        (local.get $3)
        (i64.const 32)
       )
      )
      (i32.load offset=16388
       (i32.const 0)
      )
      (i32.load offset=16416
       (i32.const 0)
      )
      (local.get $0)
     )
    )
    (br $label1)
   )
  )
  (unreachable)
  (unreachable)
 )
 ;; custom section "producers", size 35
 ;; features section: mutable-globals, nontrapping-float-to-int, bulk-memory, sign-ext, exception-handling, bulk-memory-opt
)
