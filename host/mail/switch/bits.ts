/** What the switch's modules and the host tell each other in bits. */

/** What a port's `turn` leaves to the host, and the loop hands on in the low bits of the record's address. */
export const LEFT_TO_HOST = { nothing: 0, whole: 1, mailbox: 2, returned: 4, parked: 5, yielded: 6 } as const;

/** Of the word SWITCHED: messages may be put into the mailbox, and turns be given, without the host. */
export const TAKES_MESSAGES = 1;
export const TAKES_TURNS = 2;
/** It pays for what the host does in reductions: what costs more than nothing is the host's. */
export const PAYS = 4;
/** Up to this length an item costs nothing. */
export const FREE_BYTES = 63;
