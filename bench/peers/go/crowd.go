package main

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const theta = 37.2

// crowd counts goroutines that end.
type crowd struct {
	living sync.WaitGroup
	count  atomic.Int64
}

// newCrowd is for the given number of goroutines.
func newCrowd(size int) *crowd {
	all := &crowd{}
	all.living.Add(size)
	return all
}

func (all *crowd) start(body func()) {
	go func() {
		defer all.living.Done()
		body()
		all.count.Add(1)
	}()
}

// ended waits for all goroutines, and returns how many came to their end.
func (all *crowd) ended() int {
	all.living.Wait()
	return int(all.count.Load())
}

// forkJoinThroughput is Savina's: goroutines that compute a sine for each message.
func forkJoinThroughput(with parameters) round {
	actors, messages := with["actors"], with["messages"]
	began := time.Now()
	inboxes, counts := make([]chan float64, actors), make(chan int)
	for i := range inboxes {
		inboxes[i] = make(chan float64, mailbox)
		go func(inbox <-chan float64) {
			received := 0
			for angle := range inbox {
				compute(angle)
				received++
			}
			counts <- received
		}(inboxes[i])
	}
	for i := 0; i < messages; i++ {
		for _, inbox := range inboxes {
			inbox <- theta
		}
	}
	for _, inbox := range inboxes {
		close(inbox)
	}
	received := sum(counts, actors)
	return round{operations: actors * messages, check: received, elapsed: time.Since(began)}
}

// forkJoinCreate is Savina's: each goroutine has a mailbox, gets one message, computes a sine and ends.
func forkJoinCreate(with parameters) round {
	workers := with["workers"]
	began := time.Now()
	all := newCrowd(workers)
	for i := 0; i < workers; i++ {
		inbox := make(chan float64, 1)
		all.start(func() { compute(<-inbox) })
		inbox <- theta
	}
	return round{operations: workers, check: all.ended(), elapsed: time.Since(began)}
}

func compute(angle float64) {
	sine := math.Sin(angle)
	if sine*sine <= 0 {
		fail("the square of a sine is %v", sine*sine)
	}
}

// A bigMessage is a ping or a pong with the number of its sender.
type bigMessage struct {
	pong bool
	from int
}

// big is Savina's: each goroutine sends a ping to a random neighbour, waits for its pong, and
// repeats. Meanwhile it answers the others.
func big(with parameters) round {
	actors, pings := with["actors"], with["pings"]
	began := time.Now()
	inboxes := make([]chan bigMessage, actors)
	for i := range inboxes {
		// At most one ping of each neighbour and one pong wait here, so no sender ever waits.
		inboxes[i] = make(chan bigMessage, actors+1)
	}
	done, counts := make(chan int, actors), make(chan int)
	for id := range inboxes {
		go gossip(inboxes, id, pings, done, counts)
	}
	sum(done, actors)
	for _, inbox := range inboxes {
		close(inbox)
	}
	received := sum(counts, actors)
	return round{operations: 2 * actors * pings, check: received, elapsed: time.Since(began)}
}

func gossip(inboxes []chan bigMessage, id, left int, done, counts chan<- int) {
	random := pseudoRandom(id)
	target := random.next(len(inboxes))
	inboxes[target] <- bigMessage{from: id}
	received := 0
	for message := range inboxes[id] {
		received++
		if !message.pong {
			inboxes[message.from] <- bigMessage{pong: true, from: id}
			continue
		}
		if message.from != target {
			fail("%d expected a pong from %d, not from %d", id, target, message.from)
		}
		if left--; left == 0 {
			done <- 1
			continue
		}
		target = random.next(len(inboxes))
		inboxes[target] <- bigMessage{from: id}
	}
	counts <- received
}

// pseudoRandom is Savina's generator. Every language has the same numbers.
type pseudoRandom int

func (value *pseudoRandom) next(below int) int {
	*value = (*value*1309 + 13849) & 65535
	return int(*value) % below
}
