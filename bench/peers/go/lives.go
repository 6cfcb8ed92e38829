package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// spawnOneByOne starts a goroutine and waits for the message that it sends at its end. Then it
// starts the next one.
func spawnOneByOne(with parameters) round {
	count, ended := with["count"], 0
	done := make(chan int)
	began := time.Now()
	for i := 0; i < count; i++ {
		go func() { done <- 1 }()
		ended += <-done
	}
	return round{operations: count, check: ended, elapsed: time.Since(began)}
}

// spawnStorm starts all goroutines before it waits for the first.
func spawnStorm(with parameters) round {
	count := with["count"]
	began := time.Now()
	all := newCrowd(count)
	for i := 0; i < count; i++ {
		all.start(func() {})
	}
	return round{operations: count, check: all.ended(), elapsed: time.Since(began)}
}

// parked holds the mailboxes of all rounds. These goroutines never end, so the next round needs
// fresh memory.
var parked []chan int

// memory measures the resident memory of goroutines that wait for their mailboxes. The time is that
// of starting them.
func memory(with parameters) round {
	actors := with["actors"]
	before := residentBytes()
	began := time.Now()
	ready := make(chan int)
	for i := 0; i < actors; i++ {
		inbox := make(chan int, 1)
		parked = append(parked, inbox)
		go func() {
			ready <- 1
			<-inbox
		}()
	}
	waiting := sum(ready, actors)
	elapsed := time.Since(began)
	each := (residentBytes() - before) / actors
	return round{actors, waiting, elapsed, map[string]any{"bytesEach": each}}
}

// residentBytes measures after a collection that returns free memory to the system.
func residentBytes() int {
	runtime.GC()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		fail("memory needs Linux: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		fail("/proc/self/statm: %v", err)
	}
	return pages * os.Getpagesize()
}
