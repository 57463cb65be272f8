/** A response that was ended on this side: it trickles, or is too large. */
export class EndedResponse extends Error {}
