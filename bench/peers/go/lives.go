package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// spawnOneByOne starts a goroutine and waits for its end, which is the word that it sends last; and so on.
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

func spawnStorm(with parameters) round {
	count := with["count"]
	began := time.Now()
	var ended atomic.Int64
	var living sync.WaitGroup
	living.Add(count)
	for i := 0; i < count; i++ {
		go func() {
			defer living.Done()
			ended.Add(1)
		}()
	}
	living.Wait()
	return round{operations: count, check: int(ended.Load()), elapsed: time.Since(began)}
}

// parked holds the mailboxes of all rounds: none of these goroutines ever ends, so that those of the next round need fresh memory.
var parked []chan int

// memory is the resident memory that so many goroutines take which wait for their mailboxes. The time is that of starting them.
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

// residentBytes has the collector give back what it can before it looks.
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
