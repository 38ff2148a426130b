"""Names of students. No Mariama: the two of that name are personas."""

FIRST_NAMES = (
    *("Abdou", "Adama", "Alassane", "Alioune", "Amadou", "Assane", "Babacar", "Boubacar", "Cheikh", "Daouda"),
    *("Djibril", "El Hadj", "Elhadji Malick", "Gorgui", "Ismaïla", "Jean-Pierre", "Kouamé", "Lamine", "Mor", "Noël"),
    *("Oumar", "Pape", "Rémi", "Samba", "Seydou", "Souleymane", "Théophile", "Yaya", "Yves-André", "Zacharie"),
    *("Adja", "Aïda", "Aminata", "Anta", "Astou", "Béatrice", "Bineta", "Coumba", "Dieynaba", "Élise"),
    *("Fanta", "Fatoumata", "Françoise", "Gnilane", "Hélène", "Inès", "Khadidiatou", "Léa", "Maïmouna", "Marème"),
    *("Nafissatou", "Ndèye", "Ngoné", "Oumou", "Penda", "Ramatoulaye", "Rokhaya", "Seynabou", "Yacine", "Zoé"),
)
LAST_NAMES = (
    *("Aïdara", "Badji", "Baldé", "Bâ", "Camara", "Cissokho", "Coly", "Coulibaly", "Dabo", "Dème"),
    *("Diagne", "Diallo", "Diatta", "Dièye", "Diouf", "Dramé", "Faye", "Gaye", "Gomis", "Hountondji"),
    *("Kane", "Kéïta", "Konaté", "Kouassi", "Lô", "Mané", "Mbaye", "M'Bengue", "Mbodj", "N'Dour"),
    *("N'Guessan", "Ndao", "Niang", "Niasse", "Ouédraogo", "Preira", "Sagna", "Sall", "Sané", "Seck"),
    *("Senghor", "Sidibé", "Sy", "Sylla", "Tall", "Thiam", "Touré", "Wade", "Yattassaye", "Zinsou"),
)
