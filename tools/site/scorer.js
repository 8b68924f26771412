// Sphinx weighs words by where they stand, and every page alike. Who asks here mostly wants to do something, so a how-to
// comes before the page that explains it, and what changed long ago comes last. Words that no title has, such as a
// setting's name, are looked up.
var Scorer = {
  score: ([page, , , , score]) => {
    if (page === "reference/settings" && score <= Scorer.term) return score * 2.6;
    return score * ({ howto: 2.5, tutorial: 1.5, reference: 1.5, changelog: 0.5 }[page.split("/")[0]] || 1);
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
