;; Debian clang version 14.0.6
(module
 (type $0 (func (param i32 i32) (result i32)))
 (type $1 (func (param i32 i32 i32 i32 i32) (result i32)))
 (type $2 (func))
 (type $3 (func (result i32)))
 (type $4 (func (param i32 i32 i32 i32) (result i32)))
 (type $5 (func (param i32 i32 i32) (result i32)))
 (import "env" "memory" (memory $mimport$0 1))
 (import "actor" "args" (func $actor_args (param i32 i32) (result i32)))
 (import "actor" "monitor" (func $actor_monitor (param i32 i32) (result i32)))
 (import "actor" "recv_match" (func $actor_recv_match (param i32 i32 i32 i32 i32) (result i32)))
 (import "actor" "park" (func $actor_park (result i32)))
 (import "actor" "send" (func $actor_send (param i32 i32 i32 i32 i32) (result i32)))
 (import "actor" "recv" (func $actor_recv (param i32 i32 i32 i32) (result i32)))
 (global $__stack_pointer (mut i32) (i32.const 16384))
 (global $global$1 i32 (i32.const 16384))
 (data $.data (i32.const 16384) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\000@\00\00\00\01\00\00")
 (table $0 1 1 funcref)
 (export "match" (func $match))
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
 (func $match (param $0 i32) (param $1 i32) (param $2 i32) (result i32)
  (local $3 i32)
  (local.set $3
   (i32.const 0)
  )
  (block $block
   (br_if $block
    (i32.lt_u
     (local.get $2)
     (i32.const 6)
    )
   )
   (br_if $block
    (local.get $0)
   )
   (br_if $block
    (i32.ne
     (i32.load offset=16384
      (i32.const 0)
     )
     (i32.const 1)
    )
   )
   (br_if $block
    (i32.ne
     (i32.load8_u
      (local.get $1)
     )
     (i32.const 114)
    )
   )
   (br_if $block
    (i32.ne
     (i32.load8_u offset=1
      (local.get $1)
     )
     (i32.const 101)
    )
   )
   (br_if $block
    (i32.ne
     (i32.load8_u offset=2
      (local.get $1)
     )
     (i32.const 112)
    )
   )
   (br_if $block
    (i32.ne
     (i32.load8_u offset=3
      (local.get $1)
     )
     (i32.const 108)
    )
   )
   (br_if $block
    (i32.ne
     (i32.load8_u offset=4
      (local.get $1)
     )
     (i32.const 121)
    )
   )
   (local.set $3
    (i32.eq
     (i32.load8_u offset=5
      (local.get $1)
     )
     (i32.const 58)
    )
   )
  )
  (local.get $3)
 )
 (func $run
  (local $0 i32)
  (local $1 i64)
  (local $2 i32)
  (local $3 i32)
  (local $4 i32)
  (global.set $__stack_pointer
   (local.tee $0
    (i32.sub
     (global.get $__stack_pointer)
     (i32.const 16)
    )
   )
  )
  (block $block
   (br_if $block
    (i32.ne
     (call $actor_args
      (local.get $0)
      (i32.const 16)
     )
     (i32.const 16)
    )
   )
   (drop
    (call $actor_monitor
     (i32.wrap_i64
      (local.tee $1
       (i64.load offset=8
        (local.get $0)
       )
      )
     )
     (i32.wrap_i64
      (i64.shr_u
       (local.get $1)
       (i64.const 32)
      )
     )
    )
   )
   (local.set $2
    (i32.load offset=16420
     (i32.const 0)
    )
   )
   (local.set $3
    (i32.load offset=16416
     (i32.const 0)
    )
   )
   (local.set $4
    (i32.const -1)
   )
   (loop $label2
    (block $block1
     (br_if $block1
      (i32.ne
       (local.tee $2
        (call $actor_recv_match
         (i32.const 16384)
         (local.get $3)
         (local.get $2)
         (local.get $4)
         (i32.const 0)
        )
       )
       (i32.const -2)
      )
     )
     (local.set $2
      (call $actor_park)
     )
    )
    (block $block2
     (br_if $block2
      (i32.gt_s
       (local.get $2)
       (local.tee $3
        (i32.load offset=16420
         (i32.const 0)
        )
       )
      )
     )
     (loop $label
      (drop
       (call $actor_send
        (i32.wrap_i64
         (local.tee $1
          (i64.load
           (local.get $0)
          )
         )
        )
        (i32.wrap_i64
         (i64.shr_u
          (local.get $1)
          (i64.const 32)
         )
        )
        (select
         (i32.add
          (i32.load offset=16404
           (i32.const 0)
          )
          (i32.const 100)
         )
         (i32.load offset=16388
          (i32.const 0)
         )
         (i32.eq
          (i32.load offset=16384
           (i32.const 0)
          )
          (i32.const 2)
         )
        )
        (i32.load offset=16416
         (i32.const 0)
        )
        (local.get $2)
       )
      )
      (local.set $2
       (i32.load offset=16420
        (i32.const 0)
       )
      )
      (local.set $3
       (i32.load offset=16416
        (i32.const 0)
       )
      )
      (local.set $4
       (i32.const -1)
      )
      (loop $label1
       (block $block3
        (br_if $block3
         (i32.ne
          (local.tee $2
           (call $actor_recv
            (i32.const 16384)
            (local.get $3)
            (local.get $2)
            (local.get $4)
           )
          )
          (i32.const -2)
         )
        )
        (local.set $2
         (call $actor_park)
        )
       )
       (br_if $label
        (i32.le_s
         (local.get $2)
         (local.tee $3
          (i32.load offset=16420
           (i32.const 0)
          )
         )
        )
       )
       (br_if $block
        (i32.eq
         (local.tee $3
          (memory.grow
           (i32.shr_u
            (local.tee $2
             (i32.add
              (select
               (local.get $2)
               (local.tee $3
                (i32.shl
                 (local.get $3)
                 (i32.const 1)
                )
               )
               (i32.lt_u
                (local.get $3)
                (local.get $2)
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
       (local.set $4
        (i32.const 0)
       )
       (i32.store offset=16420
        (i32.const 0)
        (local.tee $2
         (i32.and
          (local.get $2)
          (i32.const -65536)
         )
        )
       )
       (i32.store offset=16416
        (i32.const 0)
        (local.tee $3
         (i32.shl
          (local.get $3)
          (i32.const 16)
         )
        )
       )
       (br $label1)
      )
     )
    )
    (br_if $block
     (i32.eq
      (local.tee $3
       (memory.grow
        (i32.shr_u
         (local.tee $2
          (i32.add
           (select
            (local.get $2)
            (local.tee $3
             (i32.shl
              (local.get $3)
              (i32.const 1)
             )
            )
            (i32.lt_u
             (local.get $3)
             (local.get $2)
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
    (local.set $4
     (i32.const 0)
    )
    (i32.store offset=16420
     (i32.const 0)
     (local.tee $2
      (i32.and
       (local.get $2)
       (i32.const -65536)
      )
     )
    )
    (i32.store offset=16416
     (i32.const 0)
     (local.tee $3
      (i32.shl
       (local.get $3)
       (i32.const 16)
      )
     )
    )
    (br $label2)
   )
  )
  (unreachable)
  (unreachable)
 )
 ;; custom section "producers", size 35
 ;; features section: mutable-globals, nontrapping-float-to-int, bulk-memory, sign-ext, exception-handling, bulk-memory-opt
)
