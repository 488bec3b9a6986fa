"""What customers say in French."""

from __future__ import annotations

from controlplane.demo.phrases import Phrases

FRENCH = Phrases(
    good={
        "delivery": (
            "le colis est arrivé {}vite",
            "la livraison a été {}rapide et le carton était intact",
            "le livreur a été {}ponctuel",
            "ma commande n'a pas eu un seul jour de retard",
            "je n'ai jamais dû attendre le colis",
        ),
        "price": (
            "le prix est {}correct",
            "le rapport qualité-prix est {}bon",
            "j'ai beaucoup économisé avec la remise",
            "on ne trouve pas moins cher ailleurs",
            "ce n'est pas cher pour ce que c'est",
        ),
        "quality": (
            "la qualité est {}bonne",
            "la matière est {}solide",
            "cela marche {}bien et c'est beau",
            "rien ne s'est cassé, même après des semaines",
            "il n'y a rien à redire sur les finitions",
        ),
        "staff": (
            "le personnel était {}aimable",
            "la dame à la caisse était {}serviable",
            "le service client a répondu {}rapidement",
            "personne n'a jamais été impatient avec moi",
            "le conseiller a pris son temps et connaissait ses produits",
        ),
        "app": (
            "l'application est {}facile à utiliser",
            "commander sur le site a été {}simple",
            "l'application se charge {}vite",
            "l'application n'a pas planté une seule fois",
            "je n'ai jamais eu de mal à m'y retrouver sur le site",
        ),
        "returns": (
            "le retour a été {}simple",
            "le remboursement est arrivé {}vite",
            "l'échange s'est passé {}facilement",
            "le renvoi n'a posé aucun problème",
            "je n'ai pas dû attendre mon argent",
        ),
        "selection": (
            "le choix est {}large",
            "j'ai trouvé tout ce que je cherchais",
            "la nouvelle gamme est {}attrayante",
            "pour une fois, ma taille n'était pas épuisée",
            "les rayons étaient {}bien remplis",
        ),
        "payment": (
            "le paiement a été {}facile",
            "le passage en caisse a été {}rapide",
            "la facture était juste et claire",
            "il n'y avait pas de frais cachés",
            "le paiement est passé sans difficulté",
        ),
    },
    bad={
        "delivery": (
            "le colis est arrivé {}tard",
            "la livraison a été {}lente",
            "le carton était {}abîmé",
            "ma commande n'est pas arrivée à temps",
            "personne n'a su me dire où était le colis",
        ),
        "price": (
            "le prix est {}élevé",
            "c'est {}cher",
            "j'ai vu la même chose moins cher ailleurs",
            "cela ne vaut pas son prix",
            "la remise n'a pas été déduite",
        ),
        "quality": (
            "la qualité est {}mauvaise",
            "cela s'est cassé {}vite",
            "la couture a lâché au bout de deux jours",
            "cela ne marche pas comme annoncé",
            "la matière n'est pas bonne du tout",
        ),
        "staff": (
            "le personnel était {}impoli",
            "l'homme à la caisse était {}désagréable",
            "le service client a été {}incompétent",
            "personne n'a répondu à ma question",
            "le conseiller n'était pas aimable",
        ),
        "app": (
            "l'application est {}lente",
            "le site est {}confus",
            "l'application plante sans cesse",
            "la recherche ne fonctionne pas bien",
            "je n'ai pas pu me connecter pendant des jours",
        ),
        "returns": (
            "le retour a été {}compliqué",
            "le remboursement a été {}long",
            "j'attends toujours mon argent",
            "mon retour n'a pas été accepté",
            "l'échange n'a jamais eu lieu",
        ),
        "selection": (
            "le choix est {}limité",
            "la moitié était encore épuisée",
            "les rayons étaient {}vides",
            "je n'ai pas trouvé ce qu'il me fallait",
            "ma taille n'était pas disponible",
        ),
        "payment": (
            "le paiement a été {}difficile",
            "j'ai été débité deux fois",
            "la facture était fausse",
            "ma carte n'a pas été acceptée",
            "le paiement ne fonctionnait pas",
        ),
    },
    plain={
        "delivery": ("le colis est arrivé mardi", "j'ai retiré le colis au magasin"),
        "price": ("le prix est le même que l'an dernier", "j'ai payé le prix affiché"),
        "quality": ("la couleur est celle de la photo", "le poids est celui que je pensais"),
        "staff": ("j'ai parlé à quelqu'un au comptoir", "un vendeur a pris la commande"),
        "app": ("j'ai commandé avec l'application", "j'utilise le site de temps en temps"),
        "returns": ("j'ai renvoyé un article sur deux", "le retour est en route"),
        "selection": ("j'ai pris le bleu", "cela existe en trois tailles"),
        "payment": ("j'ai payé par carte", "la facture est venue par courriel"),
    },
    good_openers=(
        "je suis {}content de cette commande",
        "dans l'ensemble une expérience {}agréable",
        "je ne peux que recommander ce magasin",
        "aucun reproche à faire",
    ),
    bad_openers=(
        "je suis {}déçu",
        "dans l'ensemble une expérience {}pénible",
        "je ne peux pas recommander ce magasin",
        "je ne suis pas satisfait du tout",
    ),
    plain_openers=(
        "c'était correct, rien de spécial",
        "ni bon ni mauvais",
        "une commande ordinaire",
        "comme prévu, ni plus ni moins",
    ),
    good_closers=("je commanderai encore", "merci beaucoup", "à la prochaine fois"),
    bad_closers=("je ne commanderai plus", "plus jamais", "cela doit s'améliorer"),
    degrees=(
        ("", 1.0), ("très ", 1.25), ("vraiment ", 1.2), ("extrêmement ", 1.4), ("assez ", 0.8),
    ),
    but=("mais", "en revanche,"),
)  # fmt: skip
