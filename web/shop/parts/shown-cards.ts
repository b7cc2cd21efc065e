/** Some of the cards that the simulated bank knows; a test holds that they do what is said of them. */
export const shownCards = [
  { number: "4242 4242 4242 4242", words: "testCardApproved" },
  { number: "4000 0000 0000 0010", words: "testCardDeclined" },
  { number: "4000 0000 0000 9995", words: "testCardFunds" },
  { number: "4000 0000 0000 0909", words: "testCardSlow" },
] as const;
