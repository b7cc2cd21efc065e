/** The words of the waiting page. They are short and few: they are part of the page, which is one small file. */
export const languages = ["en", "de", "ar"] as const;

/** Each in these languages, in turn. */
export const words = {
  line: "The line|Die Schlange|الطابور",
  join: "Join the line|Anstellen|انضم إلى الطابور",
  signIn: "Sign in|Anmelden|سجّل الدخول",
  verify: "Confirm your mail address first.|Bestätige zuerst deine Mailadresse.|أكّد بريدك أولًا.",
  onePlace:
    "One place a person, on all devices. You may close this page.|Ein Platz pro Person, auf allen Geräten. Du kannst die Seite schließen.|مكان واحد لكل شخص على كل الأجهزة. يمكنك إغلاق الصفحة.",
  soon: "The line opens later.|Die Schlange öffnet später.|يفتح الطابور لاحقًا.",
  drawnAt:
    "All who join before {a} have the same chance: it is drawn then.|Wer vor {a} da ist, hat die gleiche Chance: Dann wird ausgelost.|لكل من ينضم قبل {a} الفرصة نفسها: حينها القرعة.",
  youAreIn: "You are in|Du bist dabei|أنت في الطابور",
  drawing: "The order is being drawn|Es wird ausgelost|تُجرى القرعة الآن",
  place: "Your place|Dein Platz|مكانك",
  before: "Before you|Vor dir|قبلك",
  turnIn: "Your turn in about|Du bist dran in etwa|دورك بعد نحو",
  minutes: "{a}–{b} min|{a}–{b} min|{a}–{b} د",
  figure: "{a}|{a}|{a}",
  free: "Free now|Jetzt frei|متاح الآن",
  freeAndHeld: "{a} + {b} held|{a} + {b} gehalten|{a} + {b} محجوزة",
  people: "In line|In der Schlange|في الطابور",
  reach: "As it looks, there is one for you.|Wie es aussieht, ist für dich eins da.|كما يبدو، توجد قطعة لك.",
  close: "It will be close.|Es wird knapp.|سيكون الأمر متقاربًا.",
  out: "There may be none left. You stay in line for what comes back.|Vielleicht reicht es nicht. Du bleibst in der Schlange für das, was zurückkommt.|قد لا يبقى شيء. تبقى في الطابور لما يعود.",
  yourTurn: "It is your turn|Du bist dran|حان دورك",
  choose: "Choose and buy|Wählen und kaufen|اختر واشترِ",
  until: "Yours until {a}.|Für dich bis {a}.|لك حتى {a}.",
  served: "You had your turn|Du warst dran|انتهى دورك",
  soldOut: "Sold out|Ausverkauft|نفدت الكمية",
  offers: "What comes back goes to the next in line.|Was zurückkommt, geht an die Nächsten.|ما يعود يذهب إلى التالي.",
  paused: "Paused. Your place stays.|Pause. Dein Platz bleibt.|متوقف مؤقتًا. مكانك محفوظ.",
  over: "The drop is over|Der Drop ist vorbei|انتهى العرض",
  closed: "The line is closed.|Die Schlange ist zu.|الطابور مغلق.",
  leave: "Leave the line|Schlange verlassen|غادر الطابور",
  leaveSays: "You lose your place.|Dein Platz ist dann weg.|ستفقد مكانك.",
  stay: "Stay|Bleiben|ابقَ",
  fair: "How the order is drawn|Wie ausgelost wird|كيف تُجرى القرعة",
  late: "No answer for {a} s. This page goes on asking.|Seit {a} s keine Antwort. Die Seite fragt weiter.|لا إجابة منذ {a} ث. تواصل الصفحة السؤال.",
  again: "Try again.|Versuch es noch einmal.|حاول مرة أخرى.",
  changed:
    "The list was changed after this page saw it.|Die Liste wurde geändert, nachdem diese Seite sie sah.|تغيّرت القائمة بعد أن رأتها هذه الصفحة.",
  none: "This drop has no line|Dieser Drop hat keine Schlange|لا طابور لهذا العرض",
};

export type Words = keyof typeof words;
