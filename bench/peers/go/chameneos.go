package main

import "time"

type colour int

// The colours are 0, 1 and 2. Two that differ change to the third; two that are the same keep it.
func (mine colour) complement(other colour) colour {
	if mine == other {
		return mine
	}
	return 3 - mine - other
}

// A message to a creature: it meets another one, changes its colour, or leaves.
type encounter struct {
	kind   encounterKind
	colour colour
	// The mailbox of the other creature, in a meeting.
	other chan<- encounter
}

type encounterKind int

const (
	meet encounterKind = iota
	change
	leave
)

// chameneos is Savina's: creatures meet in pairs at a mall, which is this goroutine. Both of a pair
// count the meeting.
func chameneos(with parameters) round {
	creatures, meetings := with["chameneos"], with["meetings"]
	began := time.Now()
	mall, counts := make(chan encounter, creatures), make(chan int)
	for i := 0; i < creatures; i++ {
		go enter(mall, colour(i%3), counts)
	}
	for left := meetings; left > 0; left-- {
		waiting := <-mall
		waiting.other <- <-mall
	}
	for i := 0; i < creatures; i++ {
		late := <-mall
		late.other <- encounter{kind: leave}
	}
	attendances := sum(counts, creatures)
	return round{operations: meetings, check: attendances / 2, elapsed: time.Since(began)}
}

func enter(mall chan<- encounter, mine colour, counts chan<- int) {
	inbox := make(chan encounter, 1)
	met := 0
	for {
		mall <- encounter{kind: meet, colour: mine, other: inbox}
		switch told := <-inbox; told.kind {
		case meet:
			mine = mine.complement(told.colour)
			told.other <- encounter{kind: change, colour: mine}
		case change:
			mine = told.colour
		case leave:
			counts <- met
			return
		}
		met++
	}
}
