package main

import (
	"math"
	"time"
)

// An item of a producer, which waits for the manager's signal before it makes the next one.
type item struct {
	value    float64
	producer chan<- struct{}
}

// boundedBuffer is Savina's: a manager between producers and consumers. With the parameter channel
// it is a channel with a buffer instead, as a Go programmer would write it.
func boundedBuffer(with parameters) round {
	began := time.Now()
	counts := make(chan int)
	if with["channel"] == 1 {
		throughChannel(with, counts)
	} else {
		go newManager(with, counts).manage()
	}
	consumed := sum(counts, with["consumers"])
	return round{operations: with["producers"] * with["items"], check: consumed, elapsed: time.Since(began)}
}

func throughChannel(with parameters, counts chan<- int) {
	buffer, ended := make(chan float64, with["buffer"]), make(chan int)
	for i := 0; i < with["producers"]; i++ {
		go func() {
			last := 0.0
			for left := with["items"]; left > 0; left-- {
				last = process(last, with["cost"])
				buffer <- last
			}
			ended <- 1
		}()
	}
	for i := 0; i < with["consumers"]; i++ {
		go func() {
			last, consumed := 0.0, 0
			for value := range buffer {
				last = process(last+value, with["cost"])
				consumed++
			}
			counts <- consumed
		}()
	}
	go func() {
		sum(ended, with["producers"])
		close(buffer)
	}()
}

type manager struct {
	room      int
	items     chan item
	available chan chan<- float64
	ended     chan struct{}
	producing int

	pending   []float64
	producers []chan<- struct{}
	consumers []chan<- float64
	// All consumers. A closed channel tells them the end.
	all []chan float64
}

func newManager(with parameters, counts chan<- int) *manager {
	// When the buffer is full, each producer may still send one item.
	room := with["buffer"] - with["producers"]
	if room < 1 {
		room = 1
	}
	m := &manager{
		room:      room,
		items:     make(chan item, with["producers"]),
		available: make(chan chan<- float64, with["consumers"]),
		ended:     make(chan struct{}, with["producers"]),
		producing: with["producers"],
	}
	for i := 0; i < with["producers"]; i++ {
		go m.produce(with["items"], with["cost"])
	}
	for i := 0; i < with["consumers"]; i++ {
		inbox := make(chan float64, 1)
		m.all = append(m.all, inbox)
		m.consumers = append(m.consumers, inbox)
		go m.consume(inbox, with["cost"], counts)
	}
	return m
}

func (m *manager) manage() {
	for m.producing > 0 || len(m.consumers) < len(m.all) {
		select {
		case got := <-m.items:
			m.take(got)
		case consumer := <-m.available:
			m.feed(consumer)
		case <-m.ended:
			m.producing--
		}
	}
	for _, inbox := range m.all {
		close(inbox)
	}
}

func (m *manager) take(got item) {
	if len(m.consumers) > 0 {
		m.consumers[0] <- got.value
		m.consumers = m.consumers[1:]
	} else {
		m.pending = append(m.pending, got.value)
	}
	if len(m.pending) >= m.room {
		m.producers = append(m.producers, got.producer)
	} else {
		got.producer <- struct{}{}
	}
}

func (m *manager) feed(consumer chan<- float64) {
	if len(m.pending) == 0 {
		m.consumers = append(m.consumers, consumer)
		return
	}
	consumer <- m.pending[0]
	m.pending = m.pending[1:]
	if len(m.producers) > 0 {
		m.producers[0] <- struct{}{}
		m.producers = m.producers[1:]
	}
}

func (m *manager) produce(items, cost int) {
	asked, last := make(chan struct{}, 1), 0.0
	for left := items; left > 0; left-- {
		last = process(last, cost)
		m.items <- item{last, asked}
		<-asked
	}
	m.ended <- struct{}{}
}

func (m *manager) consume(inbox chan float64, cost int, counts chan<- int) {
	last, consumed := 0.0, 0
	for value := range inbox {
		last = process(last+value, cost)
		consumed++
		m.available <- inbox
	}
	counts <- consumed
}

// process is Savina's work on an item: 100 times cost logarithms, or one if the cost is 0.
func process(term float64, cost int) float64 {
	random, times := pseudoRandom(cost), cost*100
	if cost == 0 {
		times = 1
	}
	for i := 0; i < times; i++ {
		term += math.Log(1/float64(random.next(65536)+1) + 0.01)
	}
	return term
}
