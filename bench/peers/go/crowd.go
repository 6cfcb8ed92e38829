package main

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const theta = 37.2

// forkJoinThroughput is Savina's: so many goroutines compute a little for each of so many messages.
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

// forkJoinCreate is Savina's: so many goroutines with a mailbox each get one message, compute a little and end.
func forkJoinCreate(with parameters) round {
	workers := with["workers"]
	began := time.Now()
	var ended atomic.Int64
	var living sync.WaitGroup
	living.Add(workers)
	for i := 0; i < workers; i++ {
		inbox := make(chan float64, 1)
		go func() {
			defer living.Done()
			compute(<-inbox)
			ended.Add(1)
		}()
		inbox <- theta
	}
	living.Wait()
	return round{operations: workers, check: int(ended.Load()), elapsed: time.Since(began)}
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

// big is Savina's: each sends a ping to a neighbour at random, waits for its pong, and so on; between, it answers the others.
func big(with parameters) round {
	actors, pings := with["actors"], with["pings"]
	began := time.Now()
	inboxes := make([]chan bigMessage, actors)
	for i := range inboxes {
		// A ping of each neighbour and the pong to its own is the most that can wait here: nobody ever waits to send.
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
			fail("%d expected a pong of %d, not of %d", id, target, message.from)
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

// pseudoRandom is Savina's generator, so that every language has the same numbers.
type pseudoRandom int

func (value *pseudoRandom) next(below int) int {
	*value = (*value*1309 + 13849) & 65535
	return int(*value) % below
}
