;; Debian clang version 14.0.6
(module
 (type $0 (func (param i32 i32 i32)))
 (type $1 (func))
 (type $2 (func (param i32 i32 i32 i32) (result i32)))
 (type $3 (func (param i32 i32 i32 i32 i32) (result i32)))
 (type $4 (func (param i32)))
 (type $5 (func (param i32 i32)))
 (import "env" "memory" (memory $mimport$0 1))
 (import "actor" "window" (func $actor_window (param i32 i32 i32)))
 (import "actor" "recv" (func $actor_recv (param i32 i32 i32 i32) (result i32)))
 (import "actor" "send" (func $actor_send (param i32 i32 i32 i32 i32) (result i32)))
 (import "actor" "exit" (func $actor_exit (param i32 i32 i32)))
 (global $__stack_pointer (mut i32) (i32.const 16384))
 (global $global$1 i32 (i32.const 16384))
 (data $.data (i32.const 16384) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00@@\00\00\00\01\00\00")
 (table $0 1 1 funcref)
 (export "_start" (func $start))
 (export "handle" (func $handle))
 (export "__global_base" (global $global$1))
 (start $__wasm_init_memory)
 (func $__wasm_init_memory
  (memory.fill
   (i32.const 16432)
   (i32.const 0)
   (i32.const 272)
  )
 )
 (func $start
  (call $actor_window
   (i32.const 16384)
   (i32.load offset=16416
    (i32.const 0)
   )
   (i32.load offset=16420
    (i32.const 0)
   )
  )
 )
 (func $handle (param $0 i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 i64)
  (block $block3
   (block $block1
    (block $block
     (br_if $block
      (i32.ge_s
       (local.tee $1
        (i32.load offset=16420
         (i32.const 0)
        )
       )
       (local.get $0)
      )
     )
     (local.set $2
      (local.get $0)
     )
     (loop $label
      (br_if $block1
       (i32.eq
        (local.tee $1
         (memory.grow
          (i32.shr_u
           (local.tee $2
            (i32.add
             (select
              (local.get $2)
              (local.tee $1
               (i32.shl
                (local.get $1)
                (i32.const 1)
               )
              )
              (i32.lt_u
               (local.get $1)
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
       (local.tee $1
        (i32.shl
         (local.get $1)
         (i32.const 16)
        )
       )
      )
      (call $actor_window
       (i32.const 16384)
       (local.get $1)
       (local.get $2)
      )
      (br_if $label
       (i32.gt_s
        (local.tee $2
         (call $actor_recv
          (i32.const 16384)
          (i32.load offset=16416
           (i32.const 0)
          )
          (i32.load offset=16420
           (i32.const 0)
          )
          (i32.const 0)
         )
        )
        (local.tee $1
         (i32.load offset=16420
          (i32.const 0)
         )
        )
       )
      )
     )
    )
    (local.set $2
     (i32.load offset=16388
      (i32.const 0)
     )
    )
    (block $block2
     (br_if $block2
      (i32.ne
       (local.get $0)
       (i32.const 4)
      )
     )
     (br_if $block2
      (i32.ne
       (local.get $2)
       (i32.const 1)
      )
     )
     (i64.store offset=16432
      (i32.const 0)
      (i64.add
       (i64.load offset=16432
        (i32.const 0)
       )
       (i64.load32_s align=1
        (i32.load offset=16416
         (i32.const 0)
        )
       )
      )
     )
     (return)
    )
    (br_if $block3
     (i32.ne
      (local.get $2)
      (i32.const 2)
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
      (i32.const 2)
      (i32.const 16432)
      (i32.const 8)
     )
    )
    (return)
   )
   (unreachable)
   (unreachable)
  )
  (call $isopod_fail
   (i32.load offset=16416
    (i32.const 0)
   )
   (select
    (local.get $0)
    (i32.const 100)
    (i32.lt_s
     (local.get $0)
     (i32.const 100)
    )
   )
  )
  (unreachable)
 )
 (func $isopod_fail (param $0 i32) (param $1 i32)
  (call $actor_exit
   (i32.const 6)
   (local.get $0)
   (local.get $1)
  )
  (unreachable)
 )
 ;; custom section "producers", size 35
 ;; features section: mutable-globals, nontrapping-float-to-int, bulk-memory, sign-ext, exception-handling, bulk-memory-opt
)
