package main

import "time"

// mailbox is the number of messages that a channel holds before its sender waits. Goroutines that
// exchange one message at a time have channels without a buffer, or with a buffer of 1.
const mailbox = 128

// pingPong sends bytes back and forth: a copy of the slice, or with the parameter move the slice itself.
func pingPong(with parameters) round {
	pairs, trips, move := with["pairs"], share(with["messages"], 2*with["pairs"]), with["move"] == 1
	start, counts := make(chan struct{}), make(chan int, 2*pairs)
	for i := 0; i < pairs; i++ {
		out, back := make(chan []byte), make(chan []byte)
		go pong(out, back, move, counts)
		go ping(out, back, make([]byte, with["bytes"]), trips, move, start, counts)
	}
	began := time.Now()
	close(start)
	received := sum(counts, 2*pairs)
	payload := "copied"
	if move {
		payload = "moved"
	}
	return round{2 * pairs * trips, received, time.Since(began), map[string]any{"payload": payload}}
}

func ping(out chan<- []byte, back <-chan []byte, ball []byte, trips int, move bool, start <-chan struct{}, counts chan<- int) {
	<-start
	received := 0
	for i := 0; i < trips; i++ {
		out <- fresh(ball, move)
		ball = <-back
		received++
	}
	close(out)
	counts <- received
}

func pong(in <-chan []byte, back chan<- []byte, move bool, counts chan<- int) {
	received := 0
	for ball := range in {
		received++
		back <- fresh(ball, move)
	}
	counts <- received
}

func fresh(ball []byte, move bool) []byte {
	if move {
		return ball
	}
	return append([]byte(nil), ball...)
}

func fanIn(with parameters) round {
	senders, each := with["senders"], share(with["messages"], with["senders"])
	start, inbox, counts := make(chan struct{}), make(chan int, mailbox), make(chan int)
	for i := 0; i < senders; i++ {
		go func() {
			<-start
			for left := each; left > 0; left-- {
				inbox <- left
			}
		}()
	}
	go func() {
		received := 0
		for received < senders*each {
			<-inbox
			received++
		}
		counts <- received
	}()
	began := time.Now()
	close(start)
	received := <-counts
	return round{operations: senders * each, check: received, elapsed: time.Since(began)}
}

func fanOut(with parameters) round {
	receivers, each := with["receivers"], share(with["messages"], with["receivers"])
	inboxes, counts := make([]chan int, receivers), make(chan int)
	for i := range inboxes {
		inboxes[i] = make(chan int, mailbox)
		go countAll(inboxes[i], counts)
	}
	began := time.Now()
	go func() {
		for left := each; left > 0; left-- {
			for _, inbox := range inboxes {
				inbox <- left
			}
		}
		for _, inbox := range inboxes {
			close(inbox)
		}
	}()
	received := sum(counts, receivers)
	return round{operations: receivers * each, check: received, elapsed: time.Since(began)}
}

func countAll(inbox <-chan int, counts chan<- int) {
	received := 0
	for range inbox {
		received++
	}
	counts <- received
}

// threadRing is Savina's. The goroutine with the last token closes the channel to the next one,
// which does the same.
func threadRing(with parameters) round {
	actors, hops := with["actors"], with["hops"]
	began := time.Now()
	counts, first := make(chan int, actors), make(chan int, 1)
	in := first
	for i := 1; i < actors; i++ {
		out := make(chan int, 1)
		go ring(in, out, counts)
		in = out
	}
	go ring(in, first, counts)
	first <- hops
	received := sum(counts, actors)
	return round{operations: hops, check: received, elapsed: time.Since(began)}
}

func ring(in <-chan int, out chan<- int, counts chan<- int) {
	received := 0
	for left := range in {
		received++
		if left == 1 {
			break
		}
		out <- left - 1
	}
	close(out)
	counts <- received
}

// counting is Savina's: a producer sends increments to a counter, and then asks for the count.
func counting(with parameters) round {
	messages := with["messages"]
	type message struct{ retrieve chan<- int }
	began := time.Now()
	inbox, result := make(chan message, mailbox), make(chan int)
	go func() {
		count := 0
		for each := range inbox {
			if each.retrieve != nil {
				each.retrieve <- count
				return
			}
			count++
		}
	}()
	go func() {
		for i := 0; i < messages; i++ {
			inbox <- message{}
		}
		inbox <- message{result}
	}()
	count := <-result
	return round{operations: messages, check: count, elapsed: time.Since(began)}
}

func sum(counts <-chan int, times int) int {
	total := 0
	for i := 0; i < times; i++ {
		total += <-counts
	}
	return total
}
